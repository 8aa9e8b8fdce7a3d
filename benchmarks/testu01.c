/* Run a battery of TestU01 (L'Ecuyer and Simard, ACM TOMS 33(4), 22, 2007) on 64-bit words from standard input.

   testu01 small|crush|big forward|reversed [first last] < words

   Each word gives 32 bits twice, low half first; reversed turns each half round, because the tests look hardest at high bits.
   Prints "p-value<TAB>test<TAB>value" for each statistic of a test as soon as it ends, then "words<TAB>number read so far".
   Exit code 2: the words ran out, in the middle of a test. */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <testu01/bbattery.h>
#include <testu01/swrite.h>
#include <testu01/unif01.h>

extern char *bbattery_TestNames[];

static uint64_t block[1 << 13];
static size_t have, taken;
static uint64_t read_so_far;
static int low_is_used, turn;

#define MOST_TESTS 120

static uint32_t turned(uint32_t x) {
    x = ((x >> 1) & 0x55555555u) | ((x & 0x55555555u) << 1);
    x = ((x >> 2) & 0x33333333u) | ((x & 0x33333333u) << 2);
    x = ((x >> 4) & 0x0F0F0F0Fu) | ((x & 0x0F0F0F0Fu) << 4);
    return __builtin_bswap32(x);
}

static unsigned int next_bits(void) {
    uint32_t half;
    if (low_is_used) {
        half = (uint32_t)(block[taken++] >> 32);
    } else {
        if (taken == have) {
            have = fread(block, sizeof block[0], sizeof block / sizeof block[0], stdin);
            taken = 0;
            if (have == 0) {
                fprintf(stderr, "the words ran out after %" PRIu64 "\n", read_so_far);
                exit(2);
            }
            read_so_far += have;
        }
        half = (uint32_t)block[taken];
    }
    low_is_used = !low_is_used;
    return turn ? turned(half) : half;
}

int main(int count, char **words) {
    if ((count != 3 && count != 5) || (strcmp(words[2], "forward") && strcmp(words[2], "reversed"))) {
        fprintf(stderr, "testu01 small|crush|big forward|reversed [first last] < words\n");
        return 2;
    }
    turn = !strcmp(words[2], "reversed");
    swrite_Basic = FALSE;
    unif01_Gen *generator = unif01_CreateExternGenBits("standard input", next_bits);
    /* TestU01's own summaries go nowhere: there is one after each test. */
    FILE *out = fdopen(dup(STDOUT_FILENO), "w");
    if (!out || !freopen("/dev/null", "w", stdout)) return 3;
    int tests = !strcmp(words[1], "small") ? 10 : !strcmp(words[1], "crush") ? 96 : 106;
    int first = count == 5 ? atoi(words[3]) : 1, last = count == 5 ? atoi(words[4]) : tests;
    for (int test = first < 1 ? 1 : first; test <= last && test <= tests; test++) {
        int times[MOST_TESTS] = {0};
        times[test] = 1;
        if (tests == 10) bbattery_RepeatSmallCrush(generator, times);
        else if (tests == 96) bbattery_RepeatCrush(generator, times);
        else bbattery_RepeatBigCrush(generator, times);
        for (int value = 0; value < bbattery_NTests; value++)
            fprintf(out, "p-value\t%d %s\t%.17g\n", test, bbattery_TestNames[value], bbattery_pVal[value]);
        fprintf(out, "words\t%" PRIu64 "\n", read_so_far);
        fflush(out);
    }
    unif01_DeleteExternGenBits(generator);
    return 0;
}
