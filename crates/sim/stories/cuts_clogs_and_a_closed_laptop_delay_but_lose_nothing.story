# One direction is cut, one is clogged, and one peer sleeps.
join 5
wait 2s
cut 0 > 1
clog 2 > 3 20s
pause 4
say 0-3 "a line" 8 times every 2s
resume 4
heal
say 4 "I slept"
settle
same_timeline
expect 0-4 lines 9
