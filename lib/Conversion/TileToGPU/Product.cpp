//===- Product.cpp - Products, and who waits for them ---------------------===//

#include "Lowering.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::gsa;
using namespace mlir::tile;

bool TileLowering::isRunning(Value value) const {
  if (messages.contains(value.getDefiningOp()))
    return true;
  return llvm::any_of(running, [&](const RunningProduct &product) {
    return product.result == value;
  });
}

LogicalResult TileLowering::lower(MmaOp op) {
  AtomAttr attr = op.getAtomAttr();
  if (!attr)
    return op.emitOpError("must have an atom, got none");
  const MatrixAtom *atom = target.lookupAtom(attr.getName().getValue());
  if (!atom)
    return op.emitOpError("must have an atom of its target, got ") << attr;
  // Lanes that multiply hold most then. Where some multiply asynchronously,
  // it is these that lack registers, and not here.
  if (role.zero && !role.readsAsync)
    forgetWorker(role.zero);

  auto a = cast<RankedTensorType>(op.getA().getType());
  auto sums = cast<RankedTensorType>(op.getAcc().getType());
  ProductShape shape{sums.getDimSize(0), sums.getDimSize(1), a.getDimSize(1),
                     role.party.threads / target.getFacts().warpLanes,
                     a.getElementType()};
  // The sums tell which of the two it is.
  if (atom->getSums(shape) != layoutOf(sums))
    shape.wholeRows = true;
  if (atom->getSums(shape) != layoutOf(sums))
    return op.emitOpError("must have the sums' layout of its atom, got ")
           << sums;
  SmallVector<FactorValue, 2> factors;
  for (auto [i, operand] : llvm::enumerate(op->getOperands().take_front(2))) {
    Factor which = i == 0 ? Factor::A : Factor::B;
    const Layout &layout = layoutOf(operand);
    bool fits = layout.isPlace() ? atom->accepts(which, shape, layout)
                                 : atom->getRegisters(which, shape) == layout;
    if (!fits)
      return op.emitOpError("must have factors that its atom takes, got ")
             << operand.getType();
    factors.push_back({get(operand), layout});
  }

  // An instruction that begins with zero is not given any.
  bool isFresh = matchPattern(op.getAcc(), m_AnyZeroFloat());
  Value result =
      atom->emitProduct(b, b.getLoc(), shape, role.worker, factors[0],
                        factors[1], isFresh ? Value() : get(op.getAcc()));
  set(op.getResult(), result);
  if (!atom->isAsync())
    return success();
  for (RunningProduct &product : running)
    if (product.result == op.getAcc())
      product.result = Value();
  RunningProduct product{op.getResult(), {}};
  for (const FactorValue &factor : factors)
    if (!factor.layout.isPlace())
      product.factors.push_back(factor.value);
  running.push_back(std::move(product));
  return success();
}

void TileLowering::retire(size_t left) {
  if (running.size() <= left)
    return;
  size_t done = running.size() - left;
  SmallVector<Value> results, sums, factors;
  for (auto [i, product] : llvm::enumerate(running)) {
    if (product.result) {
      results.push_back(product.result);
      sums.push_back(get(product.result));
    }
    if (i < done)
      llvm::append_range(factors, product.factors);
  }
  SmallVector<Value> behind = device.emitWaitProducts(
      b, b.getLoc(), static_cast<int64_t>(left), sums, factors);
  for (auto [result, value] : llvm::zip_equal(results, behind))
    set(result, value);
  running.erase(running.begin(), running.begin() + done);
}

LogicalResult TileLowering::lower(WaitOp op) {
  for (auto [product, result] :
       llvm::zip_equal(op->getOperands(), op->getResults())) {
    Operation *message = product.getDefiningOp();
    if (message && isMessage(message))
      return lowerWait(message, result);
    const auto *begun = llvm::find_if(running, [&](const RunningProduct &it) {
      return it.result == product;
    });
    if (begun != running.end())
      retire(running.end() - begun - 1);
    set(result, get(product));
  }
  return success();
}
