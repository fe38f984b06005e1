# A speaker sees its own line at once, whatever its clock shows.
join 3
clock 0 110s
say 0 "early"
wait 1s
clock 0 -110s
say 0 "late"
wait 1s
expect 0 "early" "late"
settle
same_timeline
expect 0-2 "early" "late"
