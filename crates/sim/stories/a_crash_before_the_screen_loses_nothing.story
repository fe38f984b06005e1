# Others know the line, and its speaker finds it after the restart.
join 3
wait 2s
say 0 "kept"
settle
crash 0 before emit
say 0 "told"
wait 1s
expect 0 down
restart 0
say 0 "after"
settle
same_timeline
expect 0-2 "kept" "told" "after"
