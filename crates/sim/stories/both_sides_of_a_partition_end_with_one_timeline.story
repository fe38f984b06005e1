# Two halves talk apart; after they meet again, neither side lacks anything.
join 8
wait 3s
cut 0-3 | 4-7
say 0-7 "a line" 20 times every 1s
settle 0-3
settle 4-7
expect 0-3 lines 12
expect 4-7 lines 8
heal
settle
same_timeline
expect 0-7 lines 20
