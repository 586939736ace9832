// Included before everything else when better-sqlite3 12 is compiled (deploy/setup.mjs).
//
// From 24.19 on, Node's own ObjectWrap adds and removes an environment hook in every constructor and destructor. The
// destructor runs in a garbage collection, where no environment is entered, and Node then aborts the process. Without
// the two hooks the class is what it was before; better-sqlite3 has its own clean-up at the end of an environment.
#include <node.h>
#define AddEnvironmentCleanupHook(...) static_cast<void>(0)
#define RemoveEnvironmentCleanupHook(...) static_cast<void>(0)
#include <node_object_wrap.h>
#undef AddEnvironmentCleanupHook
#undef RemoveEnvironmentCleanupHook
