# One peer accepts everything and sends nothing.
join 6
wait 2s
turn 2 mute
say 0,1,3-5 "a line" 10 times every 500ms
settle
same_timeline
expect 0,1,3-5 lines 10
