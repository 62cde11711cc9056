# Chromium for the browser tests: installed from Debian's packages when it is missing and we may.
if command -v chromium >/dev/null 2>&1 || [ -n "${CHROMIUM:-}" ]; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "browser tests are skipped: there is no chromium on the PATH (on Debian: apt-get install chromium)"
    exit 0
fi
echo "installing Chromium for the browser tests"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if apt-get update >"$log" 2>&1 &&
    apt-get install -y --no-install-recommends chromium fonts-wqy-zenhei >>"$log" 2>&1; then
    rm -f "$log"
else
    tail -5 "$log"
    echo "browser tests are skipped: Chromium cannot be installed (see $log)"
fi
