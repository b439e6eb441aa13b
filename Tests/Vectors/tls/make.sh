#!/bin/sh
# Makes the certificates of the TLS tests: an authority, and servers that are right, misnamed and expired.
# The keys are test keys, public on purpose: they vouch for nothing.
set -eu
cd "$(dirname "$0")"
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1-TEST-ONLY.key.pem"; }
issue() { # name, subjectAltName, not before, not after
  key "$1"
  openssl req -new -key "$1-TEST-ONLY.key.pem" -subj "/CN=validatord test $1" -out request.pem
  printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$2" > extensions
  : > index.txt
  openssl ca -batch -notext -config ca.conf -in request.pem -startdate "$3" -enddate "$4" -extfile extensions -out "$1.pem"
  rm -f request.pem extensions index.txt* serial* [0-9A-F]*.pem
}
cat > ca.conf <<'CONF'
[ca]
default_ca = d
[d]
database = index.txt
new_certs_dir = .
rand_serial = yes
certificate = authority.pem
private_key = authority-TEST-ONLY.key.pem
default_md = sha256
policy = p
[p]
commonName = supplied
CONF
key authority
openssl req -x509 -new -key authority-TEST-ONLY.key.pem -subj "/CN=validatord test authority" -days 36500 \
  -addext basicConstraints=critical,CA:TRUE -out authority.pem
issue server "DNS:localhost,IP:127.0.0.1" 20250101000000Z 21250101000000Z
issue misnamed "DNS:other.example,IP:127.0.0.2" 20250101000000Z 21250101000000Z
issue expired "DNS:localhost,IP:127.0.0.1" 20200101000000Z 20210101000000Z
rm -f ca.conf authority-TEST-ONLY.key.pem
