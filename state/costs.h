#pragma once
// The cost table of state and tasks: the integer prices that turn what a call really did into
// simulated time and modelled memory. One table for every scenario; nothing in it depends on a
// scenario's name. Devices (disk, network, object store) have their own figures in the scenario's
// `cluster`, with the defaults of sim/disk_device.h, sim/network.h and sim/object_store.h; garbage
// collection is in model/task/process_heap.h.
//
// Provenance: fitted on real Flink 2.3.0, two virtual cores, Java 17 (spec/figures.md section 13),
// by hand, one constant per row that it decides, named below; scenarios/studies/calibration shows
// Flink beside drey for each row, and a test keeps each within 25 %. Units: ns, ps (thousandths of
// a ns), bytes. Upstream has no such table.
#include <cstdint>

namespace drey::state {

struct HeapCosts {
  // One record through a keyed operator whose state is in the processor's caches: reading it from
  // the network, key selection, state access, emitting. Row "sum, heap, 10^4 keys".
  uint64_t reduce_ns = 205;
  // More in a window operator: assigner, trigger, timer. Row "window sum, heap".
  uint64_t window_ns = 50;
  // Beyond that, when the state has outgrown the caches: cold_ns x the share of the live bytes
  // above cached_bytes. Row "sum, heap, 10^6 keys".
  uint64_t cold_ns = 680;
  uint64_t cached_bytes = uint64_t{8} << 20;
  uint64_t access_ns = 90;            // one access to any other state
  uint64_t sync_ns_per_entry = 2;     // copying the bucket arrays
  uint64_t write_ps_per_byte = 1500;  // serialising a snapshot. Rows "checkpoint, heap"
  // Restoring: reading, and making the objects. Rows "failure, heap".
  uint64_t read_ps_per_byte = 7000;
  uint64_t restore_ns_per_entry = 500;
  uint64_t entry_bytes = 144;     // map entry, key, namespace and accumulator as Java objects
  uint64_t any_entry_bytes = 96;  // the same around the bytes of value, list and map state
  uint64_t timer_bytes = 72;
  uint64_t update_garbage_bytes = 48;  // objects that one update leaves behind
};

// Reads of files come on top: from the page cache or from the disk (sim/disk_device.h).
struct RocksDbCosts {
  // One record of a running sum is a get and a put. Rows "sum, RocksDB".
  uint64_t get_ns = 1300;
  uint64_t put_ns = 1550;
  // In a restore's write batches: one call of Java for many. Rows "failure, RocksDB full".
  uint64_t batch_put_ns = 1000;
  uint64_t window_ns = 1900;          // more in a window operator. Row "window sum, RocksDB"
  uint64_t next_ns = 500;             // one step of an iterator
  uint64_t call_garbage_bytes = 160;  // Java arrays that one call leaves on the heap
  uint64_t timer_bytes = 72;          // a timer lives on the heap
  // Flush and compaction, per byte read or written, beside the disk. Row "failure, RocksDB full,
  // 500 MB", whose flushes decide.
  uint64_t job_ps_per_byte = 1500;
  // A transfer thread's copy of a file of a native checkpoint through the Java heap, beside the
  // store's and the network's time. Up in pieces of 16 kB, for which each call of Java allocates a
  // buffer, down in pieces of 8 kB, for which it does not. Rows "checkpoint, incremental" and
  // "failure, incremental".
  uint64_t upload_ps_per_byte = 5600;
  uint64_t download_ps_per_byte = 4200;
  // Of a full snapshot: taking the view, opening its iterators and streams, and writing. Rows
  // "checkpoint, full"
  uint64_t view_ns = 20'000;
  uint64_t full_snapshot_ns = 40'000'000;
  uint64_t serialise_ps_per_byte = 2000;
  uint64_t open_ns = 60'000'000;    // opening a database. Rows "failure, RocksDB", small state
  uint64_t read_ps_per_byte = 500;  // restoring a full snapshot, beside the put
};

// A task whose operators cost nothing still reads, serialises and writes its records.
struct TaskCosts {
  uint64_t minimum_record_ns = 50;  // row "sum, heap, parallelism 2": two tasks on each core
};

}  // namespace drey::state
