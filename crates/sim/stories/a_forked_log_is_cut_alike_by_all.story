# One key writes two logs, one for each half of the room; all peers notice, and cut it at the same place.
join 6
wait 2s
say 5 "honest so far"
settle
turn 5 forker
say 5 "and now?"
wait 20s
say 0-4 "a line" 10 times every 500ms
settle
same_timeline
expect 0-4 lines 11
