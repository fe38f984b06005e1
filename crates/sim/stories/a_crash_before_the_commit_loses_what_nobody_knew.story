# An entry that was not durable was not acknowledged either.
join 3
wait 2s
say 0 "kept"
settle
crash 0 before append
say 0 "perhaps"
wait 1s
expect 0 down
restart 0
say 0 "after"
settle
same_timeline
expect 0-2 "kept" "after"
