# A lone peer can speak, and peers that join later hear it.
line 4
mongering
join 1
say 0 "is anybody there?"
wait 20s
expect 0 "is anybody there?"
join 3
settle
same_timeline
expect 3 "is anybody there?"
