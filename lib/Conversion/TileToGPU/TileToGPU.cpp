//===- TileToGPU.cpp - Tiles of a block become vectors of its lanes -------===//

#include "Lowering.h"
#include "dialects/GSA/GSANames.h"
#include "gsa/Conversion/Passes.h"
#include "gsa/Conversion/SharedMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::gsa {
#define GEN_PASS_DEF_CONVERTTILETOGPUPASS
#include "gsa/Conversion/Passes.h.inc"
} // namespace mlir::gsa

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

bool gsa::isTile(Type type) { return isa<RankedTensorType>(type); }

Layout gsa::layoutOf(Type type) {
  return cast<LayoutAttr>(cast<RankedTensorType>(type).getEncoding())
      .getLayout();
}

bool gsa::isPlace(Type type) {
  return isTile(type) && layoutOf(type).isPlace();
}

TileLowering::TileLowering(func::FuncOp kernel, const DeviceTarget &target)
    : kernel(kernel), target(target), device(target.getDevice()),
      b(kernel.getLoc(), kernel.getContext()) {}

Type TileLowering::convert(Type type) const {
  if (isa<RingType>(type) || isPlace(type))
    return IntegerType::get(type.getContext(), 32);
  if (auto tile = dyn_cast<RankedTensorType>(type))
    return VectorType::get({layoutOf(type).getNumRegisters()},
                           tile.getElementType());
  return type;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value TileLowering::constant(int64_t value) {
  return arith::ConstantIntOp::create(b, value, 32);
}

Value TileLowering::splat(VectorType type, Value value) {
  return vector::BroadcastOp::create(b, type, value);
}

SmallVector<Value> TileLowering::unpack(Value vector) {
  SmallVector<Value> elements;
  int64_t count = cast<VectorType>(vector.getType()).getNumElements();
  for (int64_t i = 0; i < count; ++i)
    elements.push_back(vector::ExtractOp::create(b, vector, i));
  return elements;
}

Value TileLowering::pack(ArrayRef<Value> elements) {
  auto count = static_cast<int64_t>(elements.size());
  return vector::FromElementsOp::create(
      b, VectorType::get({count}, elements.front().getType()), elements);
}

Value TileLowering::permute(Value vector, ArrayRef<int64_t> numbers) {
  int64_t count = cast<VectorType>(vector.getType()).getNumElements();
  if (llvm::equal(numbers, llvm::seq<int64_t>(0, count)))
    return vector;
  return vector::ShuffleOp::create(b, vector, vector, numbers);
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

void TileLowering::declareShared() {
  auto bytes = kernel->getAttrOfType<IntegerAttr>(kSharedAttr);
  if (!bytes || bytes.getInt() == 0) {
    shared = constant(0);
    return;
  }
  std::string name = (kernel.getName() + "_shared").str();
  {
    // Its size is given at launch.
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(kernel);
    LLVM::GlobalOp::create(b, LLVM::LLVMArrayType::get(b.getI8Type(), 0),
                           /*isConstant=*/false, LLVM::Linkage::External, name,
                           /*value=*/Attribute(), kSharedAlignment,
                           kSharedSpace);
  }
  auto pointer = LLVM::LLVMPointerType::get(b.getContext(), kSharedSpace);
  Value start = LLVM::AddressOfOp::create(b, pointer, name);
  shared = LLVM::PtrToIntOp::create(b, b.getI32Type(), start);
}

LogicalResult TileLowering::lowerForall(scf::ForallOp forall) {
  b.setInsertionPoint(forall);
  b.setLoc(forall.getLoc());
  auto lowered = scf::ForallOp::create(
      b, forall.getMixedLowerBound(), forall.getMixedUpperBound(),
      forall.getMixedStep(), ValueRange(), forall.getMapping());
  for (auto [from, to] :
       llvm::zip_equal(forall.getInductionVars(), lowered.getInductionVars()))
    set(from, to);
  b.setInsertionPoint(lowered.getBody()->getTerminator());
  declareShared();
  if (failed(lowerBody(*forall.getBody())))
    return failure();
  forall.erase();
  return success();
}

LogicalResult TileLowering::run() {
  SmallVector<scf::ForallOp> loops(kernel.getOps<scf::ForallOp>());
  if (loops.size() != 1)
    return kernel.emitOpError()
           << "must have one loop over blocks, got " << loops.size();
  return lowerForall(loops.front());
}

void TileLowering::awaitStages(Value condition) {
  if (!target.getFacts().startsEarly)
    return;
  kernel->setAttr(kAwaitsAttr, b.getUnitAttr());
  OpBuilder::InsertionGuard guard(b);
  if (condition)
    b.setInsertionPointToStart(
        scf::IfOp::create(b, get(condition), /*withElseRegion=*/false)
            .thenBlock());
  device.emitAwaitLaunch(b, b.getLoc());
}

LogicalResult TileLowering::lowerBody(Block &block) {
  SmallVector<FetchOp> fetches; // that stand together, from one place on
  for (Operation &op : block.without_terminator()) {
    b.setLoc(op.getLoc());
    auto fetch = dyn_cast<FetchOp>(op);
    if (!fetch) {
      if (failed(lower(&op)))
        return failure();
      continue;
    }
    fetches.push_back(fetch);
    auto next = dyn_cast<FetchOp>(op.getNextNode());
    if (next && areTogether(fetch, next))
      continue;
    if (failed(lowerFetches(fetches)))
      return failure();
    fetches.clear();
  }
  return success();
}

LogicalResult TileLowering::lower(Operation *op) {
  bool hasTiles = false;
  for (auto types :
       {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types) {
      auto tile = dyn_cast<RankedTensorType>(type);
      hasTiles |= tile != nullptr;
      if (tile && !isa_and_present<LayoutAttr>(tile.getEncoding()))
        return op->emitOpError("must have tiles with layouts, got ") << tile;
    }
  if (!isa<MmaOp, WaitOp>(op))
    for (Value operand : op->getOperands())
      if (isRunning(operand))
        return op->emitOpError("must use sums behind a tile.wait, got those "
                               "of a running product");
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<RolesOp, BarrierOp, LoadOp, StoreOp, WaitFetchesOp, PutOp, GetOp,
            ConvertOp, ScanOp, ReduceOp, IotaOp, BroadcastOp, TransposeOp,
            MmaOp, WaitOp, ExchangeOp, GatherOp, SendOp, ReceiveOp, SendPartsOp,
            ReceiveSumsOp, scf::IfOp, scf::ForOp, scf::WhileOp, arith::CmpFOp>(
          [&](auto typed) { return lower(typed); })
      .Case([&](RingOp ring) -> LogicalResult {
        FailureOr<Value> address = addressOf(ring, kOffsetAttr);
        if (failed(address))
          return failure();
        set(ring.getRing(), *address);
        return success();
      })
      .Case([&](AwaitStagesOp op) {
        awaitStages(op.getCondition());
        return success();
      })
      .Case([&](ReleaseStageOp op) {
        if (target.getFacts().startsEarly)
          device.emitReleaseLaunch(b, b.getLoc());
        return success();
      })
      .Case([&](tensor::SplatOp op) {
        set(op.getResult(),
            splat(cast<VectorType>(convert(op.getType())), get(op.getInput())));
        return success();
      })
      .Default([&](Operation *other) -> LogicalResult {
        if (!hasTiles) {
          b.clone(*other, map);
          return success();
        }
        if (other->hasTrait<OpTrait::ConstantLike>())
          return lowerConstant(other);
        if (OpTrait::hasElementwiseMappableTraits(other))
          return lowerElementwise(other);
        return other->emitOpError("must be an operation on tiles that devices "
                                  "compute, got another");
      });
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct ConvertTileToGPUPass final
    : gsa::impl::ConvertTileToGPUPassBase<ConvertTileToGPUPass> {
  void getDependentDialects(DialectRegistry &registry) const override {
    ConvertTileToGPUPassBase::getDependentDialects(registry);
    registerDeviceDialects(registry);
  }

  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr(kKernelAttr))
        kernels.push_back(kernel);
    if (kernels.empty())
      return;
    FailureOr<const DeviceTarget *> target = getDeviceTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    for (func::FuncOp kernel : kernels)
      if (failed(TileLowering(kernel, **target).run()))
        return signalPassFailure();
  }
};
} // namespace
