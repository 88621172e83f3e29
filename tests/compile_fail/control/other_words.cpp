// expect: words that are not those of the message; [brackets] too
static_assert(false, "a message");
