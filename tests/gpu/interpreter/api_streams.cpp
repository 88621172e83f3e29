/// @file api_streams.cpp
/// Streams and events.
#include "runtime.hpp"

#include <memory>
#include <set>

namespace interpreter {

static u64 g_stream_ids = 0;

} // namespace interpreter

using namespace interpreter;

extern "C" {

API cudaError_t cudaStreamCreateWithFlags(cudaStream_t* s, unsigned fl) {
  LOCK_RUNTIME;
  auto* x = new work_stream;
  x->dev = t_device;
  x->blocking = !(fl & cudaStreamNonBlocking);
  x->id = ++g_stream_ids;
  streams().insert(x);
  *s = (cudaStream_t)x;
  return api("cudaStreamCreate", cudaSuccess);
}
API cudaError_t cudaStreamCreate(cudaStream_t* s) { return cudaStreamCreateWithFlags(s, 0); }
API cudaError_t cudaStreamCreateWithPriority(cudaStream_t* s, unsigned fl, int) { return cudaStreamCreateWithFlags(s, fl); }
API cudaError_t cudaStreamDestroy(cudaStream_t st) {
  LOCK_RUNTIME;
  work_stream* s = stream_of(st);
  if (!s || s == null_stream()) return api("cudaStreamDestroy", cudaErrorInvalidResourceHandle);
  drain(s);
  streams().erase(s);
  return api("cudaStreamDestroy", cudaSuccess);
}
API cudaError_t cudaStreamSynchronize(cudaStream_t st) {
  LOCK_RUNTIME;
  work_stream* s = stream_of(st);
  if (!s) return api("cudaStreamSynchronize", cudaErrorInvalidResourceHandle);
  if (mode() == random_work) progress_some((int)(random_number() % 6));
  drain(s);
  return api("cudaStreamSynchronize", cudaSuccess);
}
API cudaError_t cudaStreamQuery(cudaStream_t st) {
  LOCK_RUNTIME;
  work_stream* s = stream_of(st);
  if (!s) return api("cudaStreamQuery", cudaErrorInvalidResourceHandle);
  if (s->q.empty()) return api("cudaStreamQuery", cudaSuccess);
  progress_some(1);
  return api("cudaStreamQuery", cudaErrorNotReady);
}
API cudaError_t cudaStreamWaitEvent(cudaStream_t st, cudaEvent_t ev, unsigned) {
  LOCK_RUNTIME;
  work_stream* s = stream_of(st);
  auto* e = (stream_event*)ev;
  if (!s || !events().count(e)) {
    diag("cudaStreamWaitEvent on a handle that there is not");
    return api("cudaStreamWaitEvent", cudaErrorInvalidResourceHandle);
  }
  if (e->mark && !e->mark->done) push(s, "wait", [] {}, e->mark);
  return api("cudaStreamWaitEvent", cudaSuccess);
}
API cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* c) {
  *c = cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
API cudaError_t cudaStreamGetFlags(cudaStream_t st, unsigned* f) {
  LOCK_RUNTIME;
  work_stream* s = stream_of(st);
  *f = s && !s->blocking ? cudaStreamNonBlocking : 0;
  return cudaSuccess;
}
API cudaError_t cudaStreamGetDevice(cudaStream_t, int* d) {
  *d = 0;
  return cudaSuccess;
}
API cudaError_t cudaEventCreateWithFlags(cudaEvent_t* ev, unsigned fl) {
  LOCK_RUNTIME;
  auto* e = new stream_event{nullptr, fl, t_device};
  events().insert(e);
  *ev = (cudaEvent_t)e;
  return api("cudaEventCreate", cudaSuccess);
}
API cudaError_t cudaEventCreate(cudaEvent_t* ev) { return cudaEventCreateWithFlags(ev, 0); }
API cudaError_t cudaEventDestroy(cudaEvent_t ev) {
  LOCK_RUNTIME;
  auto* e = (stream_event*)ev;
  if (!events().erase(e)) return api("cudaEventDestroy", cudaErrorInvalidResourceHandle);
  delete e;
  return api("cudaEventDestroy", cudaSuccess);
}
API cudaError_t cudaEventRecord(cudaEvent_t ev, cudaStream_t st) {
  LOCK_RUNTIME;
  work_stream* s = stream_of(st);
  auto* e = (stream_event*)ev;
  if (!s || !events().count(e)) {
    diag("cudaEventRecord on a handle that there is not");
    return api("cudaEventRecord", cudaErrorInvalidResourceHandle);
  }
  if (s->dev >= 0 && s->dev != e->dev) {
    diag("an event of device %d is recorded on a stream of device %d", e->dev, s->dev);
    return api("cudaEventRecord", cudaErrorInvalidResourceHandle);
  }
  auto m = std::make_shared<stream_mark>();
  m->s = s;
  e->mark = m;
  push(s, "record", [m] {
    m->done = true;
    m->time = now();
  });
  return api("cudaEventRecord", cudaSuccess);
}
API cudaError_t cudaEventQuery(cudaEvent_t ev) {
  LOCK_RUNTIME;
  auto* e = (stream_event*)ev;
  if (!events().count(e)) return api("cudaEventQuery", cudaErrorInvalidResourceHandle);
  if (!e->mark || e->mark->done) return api("cudaEventQuery", cudaSuccess);
  if (e->mark->s) progress_some(1);
  return api("cudaEventQuery", cudaErrorNotReady);
}
API cudaError_t cudaEventSynchronize(cudaEvent_t ev) {
  LOCK_RUNTIME;
  auto* e = (stream_event*)ev;
  if (!events().count(e)) return api("cudaEventSynchronize", cudaErrorInvalidResourceHandle);
  if (mode() == random_work) progress_some((int)(random_number() % 6));
  if (e->mark && !e->mark->done) advance_to(e->mark);
  return api("cudaEventSynchronize", cudaSuccess);
}
API cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t a, cudaEvent_t b) {
  LOCK_RUNTIME;
  auto *x = (stream_event*)a, *y = (stream_event*)b;
  *ms = x->mark && y->mark ? (float)((y->mark->time - x->mark->time) * 1e3) : 0;
  return api("cudaEventElapsedTime", cudaSuccess);
}
API cudaError_t cudaLaunchHostFunc(cudaStream_t st, cudaHostFn_t f, void* d) {
  LOCK_RUNTIME;
  work_stream* s = stream_of(st);
  push(s, "host", [=] { f(d); });
  return api("cudaLaunchHostFunc", cudaSuccess);
}

} // extern "C"
