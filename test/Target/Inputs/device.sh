# device.sh CHIP: the kernel of device-axpy.mlir for that chip, on standard
# output.
case $1 in
sm_*) thread=nvvm.read.ptx.sreg.tid.x barrier=nvvm.barrier0 ;;
gfx*) thread=rocdl.workitem.id.x barrier=rocdl.barrier ;;
*) thread='"test.thread"()' barrier= ;;
esac
sed "s/CHIP/$1/; s/= THREAD/= $thread/; s/BARRIER/$barrier/" \
  "$(dirname "$0")/device-axpy.mlir"
