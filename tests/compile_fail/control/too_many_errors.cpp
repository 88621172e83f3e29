// expect: the first message
// expect: the second message; with [brackets]
static_assert(false, "the first message");
static_assert(false, "the second message; with [brackets]");
