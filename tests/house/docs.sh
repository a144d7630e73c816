#!/bin/sh
# docs.sh BUILD: renews what the program says about itself: completions, man pages, command and configuration reference.
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
AW_UPDATE=1 "$1/tests/commands_tests" --test-case='*generated*'
AW_UPDATE=1 "$1/tests/config_tests" --test-case='*reference page*'
git status --short docs completions packaging/man examples
