package p
import future.keywords
x[k].a contains $"v{k}" if { some k, v in input; not { v } or every y in v { y == `r` } with data.q as [1|true] } 
