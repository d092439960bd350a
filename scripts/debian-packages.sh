# Unpack Debian's packages without root. To be sourced, with `set -eu` on:
#   unpack_packages folder package…
# The packages, and what they need and this machine lacks, are unpacked to folder/debian. A package
# may be a regular expression between ^ and $, as apt-get takes it. Nothing is configured or started.
#   make_program folder name path
# makes folder/name, which runs folder/debian/path with the unpacked libraries.

# Lists and packages of our own, checked by the signatures that the machine trusts. What is
# installed is only read, so the lock that guards it isn't needed.
own_apt() {
    apt-get -qq -o Debug::NoLocking=true -o APT::Sandbox::User="$(id -un)" \
        -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" "$@"
}

unpack_packages() {
    unpacked=$1/debian
    shift
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    own_apt update
    own_apt install --yes --download-only --no-install-recommends "$@" >/dev/null
    rm -rf "$unpacked"
    for package in "$work"/cache/archives/*.deb; do
        dpkg-deb --extract "$package" "$unpacked"
    done
    rm -rf "$work"
}

make_program() {
    folder=$(cd "$1" && pwd)
    mkdir -p "$(dirname "$folder/$2")"
    libraries=$(echo "$folder"/debian/usr/lib/*-linux-gnu*)
    cat >"$folder/$2.new" <<END
#!/bin/sh
export LD_LIBRARY_PATH="$libraries:$libraries/pulseaudio"
exec "$folder/debian/$3" "\$@"
END
    chmod +x "$folder/$2.new"
    mv "$folder/$2.new" "$folder/$2"
}
