#!/bin/bash
# Starts or stops a Slurm of this one machine under a folder: oneNodeSlurm.sh start|stop FOLDER. Needs root, and slurm-wlm and munge of Debian.
# Jobs of the partition "low" give way to those of "high": they get SIGTERM, have sixty seconds, and are requeued.
set -eu
action=$1
home=$2
export SLURM_CONF=$home/slurm.conf

stop() {
  for name in slurmd slurmctld munged; do
    if [ -f "$home/$name.pid" ]; then kill "$(cat "$home/$name.pid")" 2>/dev/null || true; fi
  done
}

start() {
  mkdir -p "$home/state" "$home/spool" "$home/munge"
  chmod 755 "$home"
  chmod 700 "$home/munge"
  head -c 1024 /dev/urandom > "$home/munge/key"
  chmod 400 "$home/munge/key"
  munged --force --key-file="$home/munge/key" --socket="$home/munged.socket" --pid-file="$home/munged.pid" \
    --log-file="$home/munge/log" --seed-file="$home/munge/seed"
  name=$(hostname -s)
  cpus=$(nproc)
  memory=$(awk '/MemTotal/ { print int($2 / 1024 * 0.9) }' /proc/meminfo)
  cat > "$SLURM_CONF" <<CONF
ClusterName=soak
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=${SLURM_SOAK_PORT:-16817}
SlurmdPort=$((${SLURM_SOAK_PORT:-16817} + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$home/munged.socket
CredType=cred/munge
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=5,sched_interval=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=15
MinJobAge=600
RequeueExit=
NodeName=$name NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=low Nodes=$name Default=YES PriorityTier=1 GraceTime=60 MaxTime=INFINITE State=UP
PartitionName=high Nodes=$name PriorityTier=10 PreemptMode=OFF MaxTime=INFINITE State=UP
CONF
  sed -i '/^RequeueExit=$/d' "$SLURM_CONF"
  slurmctld -f "$SLURM_CONF"
  slurmd -f "$SLURM_CONF"
  for _ in $(seq 60); do
    if [ "$(sinfo -h -p low -o %T 2>/dev/null)" = idle ]; then return 0; fi
    sleep 1
  done
  echo "The node is not idle: $(sinfo -h 2>&1)" >&2
  tail -n 20 "$home/slurmctld.log" "$home/slurmd.log" >&2
  return 1
}

"$action"
