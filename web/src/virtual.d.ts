// Made by the build: see land.ts.
declare module 'virtual:land' {
  export const steps: number
  export const polygons: number[][][]
}
