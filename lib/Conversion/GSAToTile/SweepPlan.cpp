//===- SweepPlan.cpp - Heads, slices, and element types of products -------===//

#include "SweepPlan.h"
#include "gsa/Target/DeviceTarget.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::gsa;

/// Columns of tiles are padded to whole registers of the widest host; matrix
/// instructions of devices take no fewer rows or columns.
constexpr int64_t kColumnPadding = 16;

FailureOr<SweepPlan> SweepPlan::make(SweepOp sweep, ScheduleAttr schedule,
                                     Stage stage, const Target &target) {
  SweepPlan plan(sweep, schedule, stage, target);
  if (failed(plan.checkChunk()) || failed(plan.checkCluster()) ||
      failed(plan.findHeads()) || failed(plan.findStagedReads()) ||
      failed(plan.findSlices()) || failed(plan.checkSegments()))
    return failure();
  return plan;
}

bool SweepPlan::isState(Value value) {
  Operation *op = value.getDefiningOp();
  auto decay = dyn_cast_if_present<SoftmaxDecayOp>(op);
  return isa_and_present<FinalStateOp>(op) ||
         (decay && value == decay.getFinal());
}

bool SweepPlan::multipliesAsync() const {
  auto *device = dyn_cast<DeviceTarget>(target);
  return device && device->multipliesAsync();
}

bool SweepPlan::isPerQuery(Value value) const {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() >= 3 && type.getDimSize(2) != heads;
}

int64_t SweepPlan::paddedColumns(int64_t size, bool sliced) const {
  int64_t columns = sliced ? llvm::divideCeil(size, slices) : size;
  if (isDevice)
    return std::max<int64_t>(llvm::PowerOf2Ceil(columns), kColumnPadding);
  return llvm::alignTo(columns, kColumnPadding);
}

Type SweepPlan::productOf(MemoryOp memory) const {
  Type element = getElementTypeOrSelf(memory.getColumns().getType());
  return target->multiplies(element)
             ? element
             : Type(Float32Type::get(element.getContext()));
}

LogicalResult SweepPlan::checkChunk() {
  int64_t least = isDevice ? kColumnPadding : 1;
  if (chunk >= least)
    return success();
  return sweep.emitOpError("must have chunks of at least ")
         << least << " tokens on " << target->getName() << ", got " << chunk;
}

LogicalResult SweepPlan::findHeads() {
  for (Operation &op : sweep.getBody().front()) {
    int64_t own = 0;
    if (auto memory = dyn_cast<MemoryOp>(op)) {
      memories.push_back(memory);
      own = memory.getType().getHeads();
      offsets = memory.getOffsets();
    } else if (auto decay = dyn_cast<SoftmaxDecayOp>(op)) {
      runningSoftmaxes.push_back(decay);
      offsets = decay.getOffsets();
      own = cast<RankedTensorType>(decay.getDecay().getType()).getDimSize(2);
    } else {
      continue;
    }
    if (heads && own != heads)
      return op.emitOpError("must have as many heads as its sweep, ")
             << heads << ", got " << own;
    heads = own;
  }
  if (!heads)
    return sweep.emitOpError("must hold a memory");
  for (Operation &op : sweep.getBody().front())
    for (Value value : op.getOperands()) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (!type || type.getRank() < 3 || isState(value) ||
          type.getDimSize(2) == heads || isa<MemoryOp, SoftmaxDecayOp>(op))
        continue;
      int64_t own = type.getDimSize(2);
      if (own % heads || (group != 1 && own != heads * group))
        return op.emitOpError(
                   "must have the sweep's heads or its query heads, ")
               << heads << (group == 1 ? "" : " or ")
               << (group == 1 ? std::string() : std::to_string(heads * group))
               << ", got " << own;
      group = own / heads;
    }
  return success();
}

LogicalResult SweepPlan::checkCluster() {
  if (cluster == 1)
    return success();
  auto *device = dyn_cast<DeviceTarget>(target);
  int64_t most = device ? device->getFacts().clusterBlocks : 1;
  if (cluster <= most)
    return success();
  return sweep.emitOpError("must have clusters of at most ")
         << most << " blocks on " << target->getName() << ", got " << cluster;
}

/// Whether `value` can be made for a part of its columns: nothing on the way
/// needs them all.
bool SweepPlan::canCut(Value value) const {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (!type || type.getRank() < 3 || !op)
    return true;
  if (auto read = dyn_cast<ReadOp>(op))
    return read.getSide() == Side::Rows &&
           slicedMemories.contains(read.getMemory().getDefiningOp());
  return !isa<SoftmaxOp, SoftmaxDecayOp>(op) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return canCut(operand); });
}

/// Collects what is computed of `value` up to what is stored; false if it meets
/// something that needs all columns.
bool SweepPlan::leadsOut(Value value) {
  slicedValues.insert(value);
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (isa<YieldOp>(user))
      return true;
    return OpTrait::hasElementwiseMappableTraits(user) &&
           canCut(user->getResult(0)) && leadsOut(user->getResult(0));
  });
}

/// A memory whose columns reach nothing but stored columns can be cut between
/// blocks; everything elementwise on the way is cut with it. A read by columns
/// is a sum over them, inside the window and before it: in a cluster each block
/// adds up its own, and the blocks then add up theirs, once a read. Of
/// `staged`, the next launch adds up.
void SweepPlan::cutMemories() {
  auto canReadCut = [&](ReadOp read) {
    if (read.getSide() == Side::Rows)
      return stage == Stage::Reads || leadsOut(read.getResult());
    return stage == Stage::Rest ||
           ((cluster > 1 || stage == Stage::Reads) && canCut(read.getVector()));
  };
  // Memories that are cut may meet each other, so take all and drop those that
  // cannot be until the rest can.
  slicedMemories.insert(memories.begin(), memories.end());
  for (bool changed = true; changed;) {
    changed = false;
    slicedValues.clear();
    for (MemoryOp memory : memories) {
      if (!isSliced(memory))
        continue;
      bool cut = canCut(memory.getColumns()) &&
                 llvm::all_of(memory->getUsers(), [&](Operation *user) {
                   auto read = dyn_cast<ReadOp>(user);
                   return !read || canReadCut(read);
                 });
      if (cut)
        continue;
      slicedMemories.erase(memory);
      changed = true;
    }
  }
}

LogicalResult SweepPlan::findSlices() {
  if (slices == 1)
    return success();
  cutMemories();
  if (slicedMemories.empty() && stage == Stage::Rest) {
    slices = 1;
    return success();
  }
  if (slicedMemories.empty())
    return sweep.emitOpError("must have a memory whose columns reach only "
                             "outputs to be cut in ")
           << slices << " slices, got none";
  for (MemoryOp memory : memories)
    if (isSliced(memory) &&
        slices * kColumnPadding >
            paddedColumns(memory.getType().getColumns(), false))
      return sweep.emitOpError("must have at least ")
             << kColumnPadding << " columns for each of " << slices
             << " slices, got " << memory.getType().getColumns();
  if (stage == Stage::Reads && slicedMemories.size() != memories.size())
    return sweep.emitOpError(
               "must have memories that can all be cut where they "
               "are read by columns to be staged in ")
           << slices << " slices, got " << slicedMemories.size() << " of "
           << memories.size();
  auto isAddedUp = [&](Operation &op) {
    auto read = dyn_cast<ReadOp>(op);
    return read && read.getSide() == Side::Columns &&
           isSliced(read.getMemory().getDefiningOp<MemoryOp>());
  };
  if (cluster > 1 && llvm::none_of(sweep.getBody().front(), isAddedUp))
    return sweep.emitOpError("must read by columns a memory that can be cut to "
                             "need a cluster of ")
           << cluster << " blocks, got none";
  return success();
}

/// The read that a value follows from, if any.
static ReadOp findRead(Value value) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (!op || op->getNumRegions())
    return {};
  if (auto read = dyn_cast<ReadOp>(op))
    return read;
  for (Value operand : op->getOperands())
    if (ReadOp read = findRead(operand))
      return read;
  return {};
}

/// Segments are folded by S' = Diag(exp G) S + (the segment's own memory), with
/// G its decays' sum. That needs decays and writes that follow from the tokens
/// alone.
LogicalResult SweepPlan::checkSegments() {
  if (!isSegmented())
    return success();
  if (memories.empty())
    return sweep.emitOpError("must have a memory to be cut into segments, got "
                             "none");
  if (!runningSoftmaxes.empty())
    return runningSoftmaxes.front().emitOpError(
        "must not start where a segment does: its sweep must have decays that "
        "follow from the tokens alone to be cut into segments");
  for (MemoryOp memory : memories)
    for (Value value :
         {memory.getRows(), memory.getColumns(), memory.getDecay()})
      if (ReadOp read = findRead(value))
        return memory.emitOpError("must not follow from a read to be cut into "
                                  "segments, got one of ")
               << read.getMemory().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

/// Whether the launch for the rest carries `memory`: it reads it by rows, or
/// nobody reads it.
static bool isOfRest(MemoryOp memory) {
  auto reads = [&](Side side) {
    return llvm::any_of(memory->getUsers(), [&](Operation *user) {
      auto read = dyn_cast<ReadOp>(user);
      return read && read.getSide() == side;
    });
  };
  return reads(Side::Rows) || !reads(Side::Columns);
}

bool SweepPlan::stores(Value value) const {
  if (stage == Stage::States)
    return false;
  if (!isStaged())
    return true;
  auto state = value.getDefiningOp<FinalStateOp>();
  bool ofRest = !state || isOfRest(state.getMemory().getDefiningOp<MemoryOp>());
  return ofRest == (stage == Stage::Rest);
}

/// What is read by columns, by a launch that knows of no other read.
LogicalResult SweepPlan::findStagedReads() {
  if (!isStaged())
    return success();
  SmallVector<MemoryOp> first;
  auto check = [&](Operation *op, Value value) -> LogicalResult {
    ReadOp read = findRead(value);
    if (!read)
      return success();
    return op->emitOpError("must not follow from a read to be staged, got one "
                           "of ")
           << read.getMemory().getType();
  };
  for (Operation &op : sweep.getBody().front()) {
    auto read = dyn_cast<ReadOp>(op);
    if (!read || read.getSide() != Side::Columns)
      continue;
    stagedReads.push_back(read);
    auto memory = read.getMemory().getDefiningOp<MemoryOp>();
    if (!llvm::is_contained(first, memory))
      first.push_back(memory);
    if (failed(check(read, read.getVector())) ||
        failed(check(memory, memory.getRows())) ||
        failed(check(memory, memory.getColumns())) ||
        failed(check(memory, memory.getDecay())))
      return failure();
  }
  if (first.empty())
    return sweep.emitOpError("must read a memory by columns to be staged, got "
                             "none");
  // A running softmax has its carry in both, for either may need its decays.
  for (SoftmaxDecayOp decay : runningSoftmaxes)
    for (Value operand : decay->getOperands())
      if (failed(check(decay, operand)))
        return failure();
  if (stage == Stage::Reads)
    memories = std::move(first);
  else
    llvm::erase_if(memories, [](MemoryOp memory) { return !isOfRest(memory); });
  return success();
}
