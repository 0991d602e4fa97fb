# shellcheck shell=bash
# Tests of tests/net, run here too because the kernel decides which filters come first: clsact on 6.1, tcx on 6.12.
of_net() {
	. tests/net/test_filters.sh
	"$1"
}
test_filters_in_clsact_before_joining() { of_net test_clsact_before_joining; }
test_filters_in_clsact_after_joining() { of_net test_clsact_after_joining; }
test_filters_in_clsact_at_egress() { of_net test_clsact_at_egress_of_a_port_holds; }
test_filters_in_tcx_before_joining() { of_net test_tcx_before_joining; }
test_filters_in_tcx_after_joining() { of_net test_tcx_after_joining; }
test_filters_in_nft_before_joining() { of_net test_nft_before_joining; }
test_filters_in_nft_at_egress() { of_net test_nft_at_egress_of_a_port; }
