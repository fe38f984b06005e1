#!/bin/sh
# A bot in a pipe: answers `!time` in one room. Usage: bot.sh ROOM
set -eu
room=$1
rumormill log "$room" --follow --last 0 | while read -r line; do
  case $line in
    *'  !time') date -u '+it is %H:%M UTC' | rumormill send "$room" ;;
  esac
done
