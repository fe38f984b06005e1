# A durable entry spreads once the process runs again.
join 3
wait 2s
say 0 "kept"
settle
crash 0 before send
say 0 "durable"
wait 1s
expect 0 down
expect 1-2 "kept"
restart 0
say 0 "after"
settle
same_timeline
expect 0-2 "kept" "durable" "after"
