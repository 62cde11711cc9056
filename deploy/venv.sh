# Makes the virtual environment $1 unless it is there and belongs to this folder.
set -eu
venv=$1
python=$(sh "$(dirname "$0")/python.sh")
if [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    # The scripts of an environment name its folder: one that was moved or copied here is made anew.
    made_at=$(sed -n 's/^command = .* //p' "$venv/pyvenv.cfg")
    if [ -z "$made_at" ] || [ "$made_at" -ef "$venv" ]; then
        exit 0
    fi
fi
echo "making a virtual environment in $venv with $("$python" --version)"
if ! "$python" -m venv --clear "$venv" >"$venv.log" 2>&1; then
    tail -3 "$venv.log" >&2
    rm -rf "$venv" "$venv.log"
    echo "haulwatch: $python cannot make a virtual environment; install its venv module (on Debian: apt-get install python3-venv) and run make again" >&2
    exit 1
fi
rm -f "$venv.log"
