# One clear line for a tool that is missing or too old, before anything is installed.
complain() {
    echo "haulwatch: $1" >&2
    exit 1
}

sh "$(dirname "$0")/python.sh" >/dev/null ||
    complain "Python 3.11 or newer is missing (found: $(python3 --version 2>&1 | head -1)); install it, or name it with make PYTHON=/path/to/python3"

command -v node >/dev/null ||
    complain "Node.js is missing; install Node.js 20 or newer (it builds the page) and run make again"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
    complain "Node.js $(node --version) is too old; install Node.js 20 or newer and run make again"
command -v npm >/dev/null ||
    complain "npm is missing; install it (it comes with Node.js; on Debian: apt-get install npm) and run make again"
