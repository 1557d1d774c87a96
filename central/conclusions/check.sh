#!/bin/sh
# Checks a dossier with openssl (3.0 or newer), sha256sum and the usual small programs of a system, without a network.
# Exit code 0: everything holds. Each line says "ok" or "BAD" and what was looked at.
cd "$(dirname "$0")" || exit 2
bad=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
told() { # told RESULT WORDS
  if [ "$1" -eq 0 ]; then echo "ok   $2"; else echo "BAD  $2"; bad=1; fi
}
signed() { # signed KEY SIGNATURE FILE
  openssl pkeyutl -verify -rawin -pubin -inkey "$1" -sigfile "$2" -in "$3" >/dev/null 2>&1
}
stamp_holds() { # stamp_holds TOKEN DATA SECONDS: it is over the data, and could be believed at that moment
  openssl ts -verify -token_in -in "$1" -data "$2" -CAfile stamp-roots.pem -attime "$3" >/dev/null 2>&1
}
stamped_at() { # the authority's time in a token, in seconds since 1970
  date -u -d "$(openssl ts -reply -token_in -in "$1" -text 2>/dev/null | sed -n 's/^Time stamp: //p')" +%s
}
cms_holds() { # cms_holds SIGNATURE CONTENT SECONDS [-crl_check]: the certificate was in force at that moment
  openssl cms -verify -binary -inform DER -in "$1" -content "$2" -CAfile trusted.pem -no-CApath -no-CAstore -purpose any \
    $4 -attime "$3" -out /dev/null >/dev/null 2>&1
}
stamps() { # stamps FOLDER NAME SIGNATURE RECORD CONTENT SECONDS [-crl_check]: the chain of time stamps of one signature.
  # RECORD: what renewals are over, with the signature; CONTENT: what the signature is over, which of a PDF is less
  [ -f stamp-roots.pem ] || return 0
  newest=; number=1
  if [ -f "$1/stamp.tst" ]; then
    newest=$1/stamp.tst
    cp "$1/stamped.bin" "$work/under"
    stamp_holds "$newest" "$work/under" "$6"
    told $? "$2: the signature was stamped by the time-stamping authority"
  fi
  # Each renewal is over the record, the signature and every token before it; what it renews was still good when it was made.
  cat "$4" "$3" > "$work/chain"
  while [ -f "$1/renewal-$number.tst" ]; do
    renewal=$1/renewal-$number.tst
    at=$(stamped_at "$renewal")
    stamp_holds "$renewal" "$work/chain" "$at"
    told $? "$2: renewal $number is a time stamp over everything before it"
    if [ -n "$newest" ]; then stamp_holds "$newest" "$work/under" "$at"; else cms_holds "$3" "$5" "$at" "$7"; fi
    told $? "$2: what renewal $number renews was still good when it was made"
    newest=$renewal
    cp "$work/chain" "$work/under"
    cat "$renewal" >> "$work/chain"
    number=$((number + 1))
  done
  left=0
  for renewal in "$1"/renewal-*.tst; do
    [ -f "$renewal" ] && left=$((left + 1))
  done
  [ "$left" -eq $((number - 1)) ]
  told $? "$2: no renewal of the time stamp is left out"
  if [ -n "$newest" ]; then
    stamp_holds "$newest" "$work/under" "$(first made_at.txt)"
    told $? "$2: the newest time stamp was good on the day of the dossier"
  fi
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
  at=$(first "$decision/decided_at.txt")
  cms_holds "$decision/decision.cms" "$decision/record.json" "$at" -crl_check
  told $? "$decision: signed by the medic, whose certificate was in force"
  found=1
  for message in "$exam"/message-*/message.json; do
    grep -q "\"exam_message_sha256\":\"$(hash_of "$message")\"" "$decision/record.json" && found=0
  done
  told $found "$decision: decided on one of the messages of this exam"
  stamps "$decision" "$decision" "$decision/decision.cms" "$decision/record.json" "$decision/record.json" "$at" -crl_check
done

for record in exams/*/written-*/record.json exams/*/title-*/record.xml; do
  [ -f "$record" ] || continue
  written=$(dirname "$record")
  at=$(first "$written/signed_at.txt")
  cms_holds "$written/medic.cms" "$record" "$at" -crl_check
  told $? "$written: signed by the medic, whose certificate was in force"
  stamps "$written" "$written" "$written/medic.cms" "$record" "$record" "$at" -crl_check
done

for paper in exams/*/paper-*; do
  [ -d "$paper" ] || continue
  range=$(grep -a -o '/ByteRange \[[ 0-9]*\]' "$paper/paper.pdf" | tr -d '[]' | cut -d ' ' -f 2-)
  if [ -n "$range" ]; then # inside of the PDF: everything but the hexadecimal digits of the signature itself is signed
    set -- $range
    { head -c "$2" "$paper/paper.pdf"; tail -c "+$(($3 + 1))" "$paper/paper.pdf"; } > "$work/covered"
    digits=$(od -An -v -tx1 "$paper/organisation.cms" | tr -d ' \n')
    inside=$(tail -c "+$(($2 + 2))" "$paper/paper.pdf" | head -c $(($3 - $2 - 2)) | tr 'A-F' 'a-f')
    case $inside in "$digits"*) told 0 "$paper: the signature is the one in the PDF" ;; *) told 1 "$paper: the signature is the one in the PDF" ;; esac
  else
    cp "$paper/paper.pdf" "$work/covered"
  fi
  at=$(first "$paper/made_at.txt")
  cms_holds "$paper/organisation.cms" "$work/covered" "$at"
  told $? "$paper: signed by the organisation, and unchanged"
  stamps "$paper" "$paper" "$paper/organisation.cms" "$paper/paper.pdf" "$work/covered" "$at"
done

for act in acts/*; do
  [ -d "$act" ] || continue
  for place in 1 2; do
    person=$act/person-$place
    at=$(first "$person/signed_at.txt")
    cms_holds "$person/medic.cms" "$act/record.json" "$at" -crl_check
    told $? "$act: signed by person $place, whose certificate was in force"
    stamps "$person" "$act, person $place" "$person/medic.cms" "$act/record.json" "$act/record.json" "$at" -crl_check
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
