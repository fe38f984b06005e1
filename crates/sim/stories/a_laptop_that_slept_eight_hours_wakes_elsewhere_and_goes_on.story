# A laptop is closed in the evening and opened in the morning, in another network. Nobody can dial it there.
join 5
wait 2s
say 0-4 "good evening"
settle
pause 4
say 0-3 "a line in the night" 8 times every 1h
move 4
resume 4
say 4 "good morning"
settle
same_timeline
expect 0-4 lines 14
