//===- Report.cpp - What kernels take, in words ---------------------------===//

#include "gsa/Report.h"
#include "gsa/kernel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::gsa;

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

llvm::Expected<CallExtents> gsa::parseExtents(StringRef text) {
  auto fail = [&](const llvm::Twine &got) {
    return llvm::createStringError("extents must be B=<n>,T=<n> and, of packed "
                                   "sequences, N=<n>, each positive, got " +
                                   got);
  };
  CallExtents extents;
  SmallVector<StringRef> entries;
  text.split(entries, ',');
  for (StringRef entry : entries) {
    auto [name, value] = entry.split('=');
    int64_t *extent = name == "B"   ? &extents.batch
                      : name == "T" ? &extents.time
                      : name == "N" ? &extents.sequences
                                    : nullptr;
    int64_t number = 0;
    if (!extent || *extent || value.getAsInteger(10, number) || number < 1 ||
        number > GSA_MAX_EXTENT)
      return fail("'" + entry + "'");
    *extent = number;
  }
  if (!extents.batch || !extents.time)
    return fail("'" + text + "'");
  if (!extents.sequences)
    extents.sequences = extents.batch;
  return extents;
}

/// Bytes of an argument, each element once.
static double countBytes(const PackagedArgument &argument,
                         const CallExtents &extents) {
  double bytes = argument.dtype == GSA_F64 || argument.dtype == GSA_I64   ? 8
                 : argument.dtype == GSA_F32 || argument.dtype == GSA_I32 ? 4
                                                                          : 2;
  for (int64_t extent : argument.shape)
    switch (extent) {
    case GSA_EXTENT_BATCH:
      bytes *= double(extents.batch);
      break;
    case GSA_EXTENT_TIME:
      bytes *= double(extents.time);
      break;
    case GSA_EXTENT_SEQUENCES:
      bytes *= double(extents.sequences);
      break;
    case GSA_EXTENT_OFFSETS:
      bytes *= double(extents.sequences + 1);
      break;
    default:
      bytes *= double(extent);
    }
  return bytes;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

namespace {
class Writer {
public:
  Writer(const CompiledObject &object, std::optional<CallExtents> extents,
         llvm::raw_ostream &stream)
      : object(object), extents(extents), stream(stream) {}

  void write(const PackagedKernel &kernel);

private:
  void writeImage(const PackagedImage &image);
  void writeRoofline(const PackagedKernel &kernel, const PackagedImage &image,
                     const DeviceTarget &target);

  const CompiledObject &object;
  std::optional<CallExtents> extents;
  llvm::raw_ostream &stream;
};
} // namespace

void Writer::writeImage(const PackagedImage &image) {
  stream << "  " << image.target->getName() << " " << image.schedule;
  auto *target = dyn_cast<DeviceTarget>(image.target);
  if (!target) {
    stream << ": " << image.scratch << " bytes of scratch a worker\n";
    return;
  }
  const DeviceFacts &facts = target->getFacts();
  stream << (image.isText ? ", text that the driver compiles\n"
                          : ", machine code\n");
  for (const PackagedStage &stage : image.stages) {
    stream << "    " << stage.symbol << ": " << stage.threads
           << " threads a block";
    if (stage.cluster > 1)
      stream << ", " << stage.cluster << " blocks a cluster";
    int64_t fixed = stage.use ? stage.use->staticShared : 0;
    stream << ", " << stage.shared + fixed << " of " << facts.sharedBytes
           << " bytes shared";
    if (fixed)
      stream << " (" << fixed << " static)";
    if (stage.use) {
      stream << ", " << stage.use->registers << " of " << facts.laneRegisters
             << " registers, ";
      if (stage.use->stack)
        stream << stage.use->stack << " bytes of stack, ";
      stream << stage.use->spilled << " bytes spilled";
    }
    stream << "\n";
  }
}

/// Of launches that the call may leave out, as it cuts sequences or does not,
/// the kernel's own alone counts.
void Writer::writeRoofline(const PackagedKernel &kernel,
                           const PackagedImage &image,
                           const DeviceTarget &target) {
  const DeviceFacts &facts = target.getFacts();
  double bytes = 0;
  for (const PackagedArgument &argument : kernel.arguments)
    bytes += countBytes(argument, *extents);
  double copyTime = bytes / facts.getCopyBandwidth();
  stream << "  " << target.getName() << ", B=" << extents->batch
         << " T=" << extents->time;
  if (extents->sequences != extents->batch)
    stream << " N=" << extents->sequences;
  stream << ", on " << facts.part << ":\n    "
         << llvm::format("%.1f MB read and written once, %.4f ms at %.2f TB/s",
                         bytes * 1e-6, copyTime * 1e3,
                         facts.getCopyBandwidth() * 1e-12)
         << "\n";
  bool runAll = image.segments.empty();
  double workspace = 0;
  if (runAll)
    for (const PackagedArgument &each : image.workspaces)
      workspace += countBytes(each, *extents);
  if (workspace > 0)
    stream << "    "
           << llvm::format("%.1f MB of workspace between launches",
                           workspace * 1e-6)
           << "\n";
  double flops = 0;
  for (const KernelWork &each : object.works)
    if (each.target == &target &&
        (each.kernel == kernel.name ||
         (runAll && llvm::any_of(image.stages, [&](const PackagedStage &stage) {
            return stage.symbol == each.kernel;
          }))))
      flops += each.work.getFlops(extents->batch, extents->time);
  if (flops == 0)
    return;
  double multiplyTime = flops / facts.matrixRate;
  stream << "    "
         << llvm::format("%.1f Gflop of products, %.4f ms at %.0f Tflop/s",
                         flops * 1e-9, multiplyTime * 1e3,
                         facts.matrixRate * 1e-12)
         << "\n    "
         << llvm::format("%.1f flop a byte: bound by %s, at least %.4f ms",
                         flops / bytes,
                         copyTime < multiplyTime ? "products" : "memory",
                         std::max(copyTime, multiplyTime) * 1e3)
         << "\n";
}

void Writer::write(const PackagedKernel &kernel) {
  stream << kernel.name << "\n";
  const Target *last = nullptr;
  for (const PackagedImage &image : kernel.images)
    writeImage(image);
  if (!extents)
    return;
  for (const PackagedImage &image : kernel.images)
    if (auto *target = dyn_cast<DeviceTarget>(image.target);
        target && target != last) {
      writeRoofline(kernel, image, *target);
      last = target;
    }
}

std::string gsa::writeReport(const CompiledObject &object,
                             std::optional<CallExtents> extents) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  Writer writer(object, extents, stream);
  for (const PackagedKernel &kernel : object.kernels)
    writer.write(kernel);
  return text;
}
