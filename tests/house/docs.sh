#!/bin/sh
# docs.sh BUILD: renews what the program says about itself: completions, man pages, command and configuration reference.
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
AW_UPDATE=1 "$1/tests/commands_tests" --test-case='*generated*'
git status --short docs completions packaging/man examples
