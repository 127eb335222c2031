#include "scenarios/describe.h"

namespace drey::scenarios {
namespace {

void describe_group(FieldVisitor& v, TaskManagerGroup& group) {
  v.integer({.name = "count",
             .help = "TaskManagers of this group: name-1, name-2, ...",
             .least = 1,
             .most = 100'000},
            group.count);
}

void describe_network(FieldVisitor& v, NetworkSpec& network) {
  v.delay({.name = "latency", .help = "One way, between two hosts."}, network.latency);
  v.rate({.name = "bandwidth", .help = "Of each host, each way.", .least = 1}, network.bandwidth,
         true);
  v.duration({.name = "tcp_give_up",
              .help = "A connection resets after so long without an answer.",
              .least = 1},
             network.tcp_give_up);
}

void describe_disk(FieldVisitor& v, DiskSpec& disk) {
  v.delay({.name = "latency", .help = "Of one request."}, disk.latency);
  v.rate({.name = "bandwidth", .help = "Of one disk.", .least = 1}, disk.bandwidth, true);
  v.delay({.name = "sync", .help = "Of one fsync."}, disk.sync);
  v.size(
      {.name = "page_cache",
       .help = "Memory for files: while all of a host fit, what it wrote or read is not read from "
               "the device again."},
      disk.page_cache);
}

void describe_storage(FieldVisitor& v, StorageSpec& storage) {
  v.delay({.name = "latency", .help = "To the first byte."}, storage.latency);
  v.rate({.name = "bandwidth", .help = "Of one request.", .least = 1}, storage.bandwidth, true);
}

void describe_broker(FieldVisitor& v, BrokerSpec& broker) {
  v.delay({.name = "latency", .help = "Of one request."}, broker.latency);
  v.duration({.name = "transaction_timeout",
              .help = "The broker aborts a transaction that is open for longer.",
              .least = 1},
             broker.transaction_timeout);
}

}  // namespace

void describe_cluster(FieldVisitor& v, ClusterSpec& cluster) {
  v.either(
      {.name = "task_managers", .help = "How many (tm-1, tm-2, ...), or named groups."},
      !cluster.groups.empty(),
      [&](FieldVisitor& in) {
        in.integer({.name = "task_managers", .help = "", .least = 1, .most = 100'000},
                   cluster.task_managers);
      },
      [&](FieldVisitor& in) {
        ElementsOf<TaskManagerGroup> groups(
            cluster.groups,
            {.what = "group", .describe = describe_group, .key = &TaskManagerGroup::name});
        in.map({.name = "task_managers", .help = ""}, groups);
        cluster.task_managers = 0;
      });
  v.integer(
      {.name = "spare_task_managers",
       .help = "Further ones, named on from the last, that run only when a fault restarts them.",
       .most = 100'000},
      cluster.spare_task_managers);
  v.boolean({.name = "too_few_slots", .help = "The job may need more slots than there are."},
            cluster.too_few_slots);
  v.integer({.name = "slots_each",
             .help = "Short form of taskmanager.numberOfTaskSlots.",
             .least = 1,
             .most = 4'096},
            cluster.slots_each);
  v.integer({.name = "job_managers",
             .help = "One leads, the others stand by; more than one needs high availability.",
             .least = 1,
             .most = 9},
            cluster.job_managers);
  v.integer({.name = "cores", .help = "Of each host.", .least = 1, .most = 4'096}, cluster.cores);
  v.size({.name = "heap",
          .help = "Memory for heap state of each TaskManager; more is an OutOfMemoryError.",
          .least = 1 << 20},
         cluster.heap_bytes);
  v.object(
      {.name = "garbage_collection",
       .help = "Of a TaskManager's heap: each stops the whole process."},
      [&](FieldVisitor& in) {
        GarbageCollection& gc = cluster.garbage_collection;
        in.duration({.name = "pause", .help = "Of a collection, whatever is alive."}, gc.pause);
        in.duration({.name = "pause_per_gigabyte", .help = "Added for each gigabyte alive."},
                    gc.pause_per_gigabyte);
        in.size({.name = "after", .help = "Bytes allocated between two; 0 b = never."}, gc.after);
      });
  v.object({.name = "network", .help = "Between hosts."},
           [&](FieldVisitor& in) { describe_network(in, cluster.network); });
  v.object({.name = "disk", .help = "Of each host."},
           [&](FieldVisitor& in) { describe_disk(in, cluster.disk); });
  v.object({.name = "storage", .help = "The object store that holds checkpoints."},
           [&](FieldVisitor& in) { describe_storage(in, cluster.storage); });
  v.object({.name = "broker", .help = "The external log and the transactional broker."},
           [&](FieldVisitor& in) { describe_broker(in, cluster.broker); });
  v.object({.name = "pointer_store", .help = "What ZooKeeper or Kubernetes is to Flink."},
           [&](FieldVisitor& in) {
             in.delay({.name = "latency", .help = "Of one request."},
                      cluster.pointer_store.latency);
           });
}

}  // namespace drey::scenarios
