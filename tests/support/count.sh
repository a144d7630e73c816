#!/bin/sh
# Reads ctest's log and prints `N passed, N failed`: test cases where a program counts them (doctest), programs otherwise.
set -eu
awk '
  /^[0-9]+\/[0-9]+ Testing: / { counted = 0 }
  /^\[doctest\] test cases:/ { gsub(/[|:]/, " "); passed += $5; failed += $7; counted = 1; bad = $7 }
  /^Test Passed\./ { if (!counted) passed++ }
  /^Test Failed\./ { if (!counted || bad == 0) failed++ }
  /^Test Timeout|^Test time out|\*\*\*Timeout/ { failed++ }
  END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0 }
' "$1"
