# Five people say a line each.
join 5
wait 2s
say 0-4 "hello"
settle
same_timeline
expect 0-4 lines 5
