# A radio in a bad place: thirty percent of frames are lost, twenty arrive twice, and they overtake each other.
weather loss 30 twice 20 jitter 80ms reorder
join 6
wait 200ms
say 0-5 "a line" 60 times every 200ms
settle
same_timeline
expect 0-5 lines 60
