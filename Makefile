.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
export PYTHONPATH := _utils:.
LAB ?= demo
export LAB
HOST ?= pi1

.PHONY: help setup images up down status shell run test unit daemon salt lab lint soak docs bench-up bench-ovs bench-virt bench-netboot bench-boot bench-admit

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is younger than what it was made from, so that a second call does nothing.
.venv/stamp: setup.cfg tools/venv packages.txt tools/packages
	@tools/packages
	@tools/venv
	@touch $@

setup: .venv/stamp  ## install what is needed: Debian packages, and Python ones into .venv

images: setup  ## build the images of hosts and guests (cached by the hash of their recipes)
	@$(PY) -m images build host ram grub

up: images  ## bring up the demo lab: rack, masters, hypervisors, VMs
	@$(PY) -m rack up
	@$(PY) -m rack run pi1 -- salt-call --local -c /srv/lab/seed --retcode-passthrough --state-output=changes -l error state.apply
	@$(PY) -m rack run pi1 -- salt-run lab.bootstrap
	@$(PY) -m rack run pi1 -- salt-run lab.status

down: setup  ## take the lab down, and leave nothing behind
	@$(PY) -m rack down

status: setup  ## show the rack and the lab
	@$(PY) -m rack status
	@$(PY) -m rack run pi1 -- salt-run lab.status

shell: setup  ## open a shell in a machine of the lab: make shell HOST=hv1
	@$(PY) -m rack shell $(HOST)

run: setup  ## run one command in a machine of the lab: make run CMD="salt-run lab.status" [HOST=pi1]
	@$(PY) -m rack run $(HOST) -- $(CMD)

test: lint unit daemon salt lab  ## install what is needed, run every tier of the tests

lint: setup
	@.venv/bin/ruff check -q . && .venv/bin/ruff format --check -q . && .venv/bin/mypy --no-error-summary

unit: setup  ## tests of pure code
	$(PY) -m pytest tests/unit

daemon: images  ## tests against real daemons in directories of their own
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/daemon

salt: setup  ## tests with real masters and minions
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/salt

lab: images  ## tests of the whole lab, in a rack of their own
	$(PY) -m pytest tests/lab

IMAGES := grub host ram disk installer stick
soak: images  ## what takes long: new examples for the tests of pure code, and each image built twice
	HYPOTHESIS_PROFILE=new $(PY) -m pytest tests/unit
	@for name in $(IMAGES); do $(PY) -m images build $$name && $(PY) -m images check $$name || exit 1; done

docs: setup  ## write docs/reference anew from models and docstrings
	@$(PY) -m tools.reference

bench-up: images  ## how long each part of bringing up the lab takes
	@$(PY) -m bench.up

bench-ovs: setup  ## lab_ovs through Salt beside a hand-written transaction, ovs-vsctl and ansible
	@$(PY) -m bench.ovs

bench-virt: setup  ## lab_virt through Salt beside a raw libvirt-python loop, virsh, kcli and saltext-virt
	@$(PY) -m bench.virt

bench-netboot: setup  ## how soon the last of 1,000 new machines is offered its own address
	@$(PY) -m bench.netboot

bench-boot: images  ## how long machines without a disk take from power-on to their highstate, and in which part
	@$(PY) -m bench.boot

bench-admit: setup  ## how soon 10, 100 and 500 machines at once are admitted and highstated, by the engine and by the reactor
	@$(PY) -m bench.admit
