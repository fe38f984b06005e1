# A liar claims a thousand more entries of everything; a returning peer asks, gets nothing, and speaks.
join 5
wait 2s
say 0-3 "a line" 8 times every 500ms
turn 4 boaster
say 0-3 "a line" 8 times every 500ms
crash 1
restart 1
say 1 "I am back"
settle
same_timeline
expect 0-3 lines 17
