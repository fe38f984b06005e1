# Thirty of sixty peers die at once; the others hear everything, and the returning ones catch up.
found 60
say 0 "all of us"
wait 2s
crash 30-59
say 1 "half of us"
settle
expect 0-29 "all of us" "half of us"
restart 30-59
settle
same_timeline
expect 30-59 "all of us" "half of us"
