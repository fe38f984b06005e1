# Only the lines of the other four are shown.
join 5
wait 2s
turn 4 forger
say 0-4 "a line" 10 times every 500ms
settle
same_timeline
expect 0-3 lines 8
