//go:build ignore

// boost measures boost.interprocess' message_queue: each line that it reads is "t N" (N messages there and back) or "f N" (N messages one way,
// the last answered), and each line that it prints says that this is done. Arguments: the size of a message, and a name that
// nobody else has.
#include <boost/interprocess/ipc/message_queue.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace ipc = boost::interprocess;

static std::vector<char> in;

static char receive(ipc::message_queue &q) {
  ipc::message_queue::size_type got;
  unsigned priority;
  q.receive(in.data(), in.size(), got, priority);
  return in[0];
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const size_t size = std::strtoul(argv[1], nullptr, 10);
  const std::string there = std::string(argv[2]) + "-there", back = std::string(argv[2]) + "-back";
  const size_t many = std::max<size_t>(8, (size_t(1) << 20) / (size + 16));
  ipc::message_queue to(ipc::create_only, there.c_str(), many, size), from(ipc::create_only, back.c_str(), many, size);
  in.resize(size);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
      const char what = receive(to);
      if (what == 'q') _exit(0);
      if (what != 't') from.send(in.data(), size, 0);
    }
  }
  std::vector<char> out(size);
  char what;
  long n;
  while (std::scanf(" %c %ld", &what, &n) == 2) {
    for (long i = 0; i < n; i++) {
      out[0] = what == 't' ? 'b' : i < n - 1 ? 't' : 'a';
      to.send(out.data(), size, 0);
      if (what == 't') receive(from);
    }
    if (what == 'f') receive(from);
    std::puts("done");
    std::fflush(stdout);
  }
  out[0] = 'q';
  to.send(out.data(), size, 0);
  waitpid(child, nullptr, 0);
  ipc::message_queue::remove(there.c_str());
  ipc::message_queue::remove(back.c_str());
}
