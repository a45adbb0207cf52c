// What Glibc's module leaves out: how much of the heap is in use.
#include <malloc.h>
