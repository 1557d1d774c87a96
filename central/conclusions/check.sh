#!/bin/sh
# Checks a dossier with openssl (3.0 or newer), sha256sum and the usual small programs of a system, without a network.
# Exit code 0: everything holds. Each line says "ok" or "BAD" and what was looked at.
cd "$(dirname "$0")" || exit 2
bad=0
told() { # told RESULT WORDS
  if [ "$1" -eq 0 ]; then echo "ok   $2"; else echo "BAD  $2"; bad=1; fi
}
signed() { # signed KEY SIGNATURE FILE
  openssl pkeyutl -verify -rawin -pubin -inkey "$1" -sigfile "$2" -in "$3" >/dev/null 2>&1
}
first() { cut -d ' ' -f 1 "$1"; }
hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }

sha256sum --check --strict --quiet SHA256SUMS >/dev/null 2>&1
told $? "every file is as it is listed in SHA256SUMS"
find . -type f ! -name SHA256SUMS ! -name SHA256SUMS.sig | sed 's#^\./##' | sort > "${TMPDIR:-/tmp}/dossier.$$"
cut -c 67- SHA256SUMS | sort | cmp -s - "${TMPDIR:-/tmp}/dossier.$$"
told $? "no file was added"
rm -f "${TMPDIR:-/tmp}/dossier.$$"
signed centre.pub.pem SHA256SUMS.sig SHA256SUMS
told $? "SHA256SUMS is signed by the centre"

for message in exams/*/message-*; do
  [ -d "$message" ] || continue
  signed "$message/terminal.pub.pem" "$message/signed.sig" "$message/signed.json"
  told $? "$message: signed by the terminal"
  signature=$(openssl base64 -A -in "$message/signed.sig")
  sed "s#\"signature\":\"$signature\",##" "$message/message.json" | cmp -s - "$message/signed.json"
  told $? "$message: the message is what was signed"
done

for decision in exams/*/decision-*; do
  [ -d "$decision" ] || continue
  exam=$(dirname "$decision")
  openssl cms -verify -binary -inform DER -in "$decision/decision.cms" -content "$decision/record.json" \
    -CAfile trusted.pem -no-CApath -no-CAstore -purpose any -crl_check -attime "$(first "$decision/decided_at.txt")" \
    -out /dev/null >/dev/null 2>&1
  told $? "$decision: signed by the medic, whose certificate was in force"
  found=1
  for message in "$exam"/message-*/message.json; do
    grep -q "\"exam_message_sha256\":\"$(hash_of "$message")\"" "$decision/record.json" && found=0
  done
  told $found "$decision: decided on one of the messages of this exam"
  if [ -f "$decision/stamp.tst" ] && [ -f stamp-roots.pem ]; then
    openssl ts -verify -token_in -in "$decision/stamp.tst" -data "$decision/stamped.bin" -CAfile stamp-roots.pem \
      -attime "$(first "$decision/decided_at.txt")" >/dev/null 2>&1
    told $? "$decision: the signature was stamped by the time-stamping authority"
  fi
done

for act in acts/*; do
  [ -d "$act" ] || continue
  for place in 1 2; do
    openssl cms -verify -binary -inform DER -in "$act/signature-$place.cms" -content "$act/record.json" \
      -CAfile trusted.pem -no-CApath -no-CAstore -purpose any -crl_check \
      -attime "$(first "$act/signed_at-$place.txt")" -out /dev/null >/dev/null 2>&1
    told $? "$act: signed by person $place, whose certificate was in force"
  done
done

while read -r row seal; do
  if [ "$seal" = "-" ]; then
    told 1 "$row: no seal of the centre names it"
    continue
  fi
  signed centre.pub.pem "${seal%.json}.sig" "$seal" && grep -q "$(hash_of "$row")" "$seal"
  told $? "$row: sealed by the centre"
done < sealed.txt

for list in exams/*/media.txt; do
  messages=$(dirname "$list")
  while read -r hash file; do
    grep -q "$hash" "$messages"/message-*/signed.json
    told $? "$file: named in what the terminal signed"
    act=$(grep -l "\"sha256\":\"$hash\"" acts/*/record.json 2>/dev/null | head -n 1)
    [ -f "$file" ] || [ -z "$act" ] || { echo "     $file: destroyed by the act in $(dirname "$act")"; continue; }
    [ -f "$file" ] || { echo "     $file: not handed out, its hash stands in the record"; continue; }
    [ "$(hash_of "$file")" = "$hash" ]
    told $? "$file: has its hash"
  done < "$list"
done

if [ $bad -eq 0 ]; then echo "ALL HOLDS"; else echo "SOMETHING DOES NOT HOLD"; fi
exit $bad
