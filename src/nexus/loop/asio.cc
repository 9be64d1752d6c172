// The one translation unit that compiles Asio itself; every other sees declarations only
// (BOOST_ASIO_SEPARATE_COMPILATION), which saves seconds per file.
#include <boost/asio/impl/src.hpp>
