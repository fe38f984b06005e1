# A line is cut in two when a peer in the middle dies, and whole again when it returns.
line 5
mongering
join 5
wait 2s
say 0 "before"
settle
crash 2
expect 2 down
say 0 "from the left"
say 4 "from the right"
wait 10s
expect 1 "before" "from the left"
expect 3 "before" "from the right"
restart 2
say 2 "I am back"
settle
same_timeline
expect 0-4 lines 4
