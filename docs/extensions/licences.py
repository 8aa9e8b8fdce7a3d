"""Print the licences of the packages that redqueen with all its extras needs, as each package says of itself."""

from declared import licences

print(licences())
