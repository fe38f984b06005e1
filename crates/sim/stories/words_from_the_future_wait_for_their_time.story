# A clock ten minutes ahead: what it says is held until others have almost caught up.
join 1
clock 0 10m
say 0 "from the future"
wait 5s
join 3
wait 400s
expect 0 "from the future"
expect 1-3 nothing
say 1 "from the present"
settle
same_timeline
expect 0-3 "from the present" "from the future"
