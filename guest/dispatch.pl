#!/usr/bin/env perl
# Usage: perl dispatch.pl FILE
#
# Gives the interpreter in wasm2c's output an indirect jump at the end of each opcode, as QuickJS has it natively. In
# WebAssembly all opcodes jump back to one br_table, which becomes one switch, and so one jump for the processor to
# predict. Here each `goto` to that switch is replaced by the code before the switch and a jump through a table of labels.
# The index comes from guest memory, so it is checked each time, as the switch did. Changes FILE in place; fails when the
# output of wasm2c has another form than this was written for.
use strict;
use warnings;

my $file = shift // die "dispatch.pl: which file?\n";
open my $in, '<', $file or die "dispatch.pl: $file: $!\n";
my @lines = <$in>;
close $in;

sub give_up { die "dispatch.pl: $file: $_[0]; wasm2c writes another form than expected\n" }

# The first line at or after $from that matches.
sub find_line {
  my ($from, $pattern, $what) = @_;
  for my $i ($from .. $#lines) { return $i if $lines[$i] =~ $pattern }
  give_up("no $what");
}

my $start = find_line(0, qr/^static u64 w2c_JS_CallInternal\(.*\{$/, 'function JS_CallInternal');
my $end = find_line($start, qr/^\}/, 'end of JS_CallInternal');

# The dispatch is the one switch with a case for each of the 200 and more opcodes.
my ($switch, $close) = (0, 0);
for my $i (grep { $lines[$_] =~ /^\s*switch \(w2c_i0\) \{$/ } $start .. $end) {
  my $last = find_line($i, qr/^\s*\}/, 'end of a switch');
  ($switch, $close) = ($i, $last) if $last - $i > $close - $switch;
}
give_up('no switch over the opcodes') if $close - $switch < 200;

my (@targets, $default);
for my $i ($switch + 1 .. $close - 1) {
  if ($lines[$i] =~ /^\s*case (\d+): goto (w2c_\w+);$/) { $targets[$1] = $2 }
  elsif ($lines[$i] =~ /^\s*default: goto (w2c_\w+);$/) { $default = $1 }
  else { give_up("'$lines[$i]' in the switch over the opcodes") }
}
give_up('a gap in the switch over the opcodes') if !defined $default || grep { !defined } @targets;

my $head = $switch;
$head-- while $head > $start && $lines[$head] !~ /^\s*w2c_L\d+:\s*$/;
my ($label) = $lines[$head] =~ /(w2c_L\d+)/ or give_up('no label before the dispatch');
my @fetch = map { s/^\s+|\s+$//gr } @lines[$head + 1 .. $switch - 1];
give_up('a label within the dispatch') if grep { /^w2c_[BL]\d+:/ } @fetch;

my $jump = sprintf 'if (w2c_i0 >= %du) goto %s; goto *opcode_labels[w2c_i0];', scalar @targets, $default;
my $copies = 0;
for my $i ($start .. $end) {
  next if $i >= $head && $i <= $close;
  $copies++ if $lines[$i] =~ s/goto \Q$label\E;/{ @fetch $jump }/;
}
give_up('no opcode that jumps to the dispatch') if $copies < 100;

splice @lines, $switch, $close - $switch + 1, "      $jump\n";
$lines[$start] .= sprintf "  static const void* const opcode_labels[] = {%s};\n", join ', ', map { "&&$_" } @targets;

open my $out, '>', $file or die "dispatch.pl: $file: $!\n";
print $out @lines;
close $out or die "dispatch.pl: $file: $!\n";
