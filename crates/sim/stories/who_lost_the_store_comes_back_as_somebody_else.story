# The keys are lost with the store: old entries stay, and a new author continues.
join 4
wait 2s
say 1 "one"
say 1 "two"
settle
crash 1
restart 1 empty
say 1 "three"
settle
same_timeline
expect 0-3 "one" "two" "three"
