# A clock is ten minutes ahead: entries written unnoticed are repeated with correct times, once a peer arrives that reads them.
join 1
clock 0 10m
say 0 "from the future"
wait 5s
join 3
wait 20s
expect 0-3 "from the future"
say 1 "from the present"
settle
same_timeline
expect 0-3 "from the future" "from the present"
