/// @file decode.cpp
/// The statements of a function to its instructions, and labels to their places.
#include "statement.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>

namespace interpreter {

int tsize(const std::string& t) {
  static const std::unordered_map<std::string, int> m{{"u8", 1},  {"s8", 1},  {"b8", 1},  {"u16", 2},   {"s16", 2}, {"b16", 2},
                                                      {"f16", 2}, {"u32", 4}, {"s32", 4}, {"b32", 4},   {"f32", 4}, {"u64", 8},
                                                      {"s64", 8}, {"b64", 8}, {"f64", 8}, {"b128", 16}, {"pred", 0}};
  auto it = m.find(t);
  return it == m.end() ? -1 : it->second;
}

void decoder::read_statement(const std::string& s0) {
  std::string s = trim(s0);
  if (s.empty()) return;
  stmt = s;
  if (s[0] == '.') {
    size_t i = 0;
    while (i < s.size() && !isspace((unsigned char)s[i])) ++i;
    std::string w = s.substr(0, i);
    if (w == ".reg") {
      while (i < s.size() && s[i] != '.') ++i;
      size_t b = i;
      while (i < s.size() && !isspace((unsigned char)s[i])) ++i;
      std::string t = s.substr(b + 1, i - b - 1);
      int ts = tsize(t);
      if (ts < 0) {
        if (t == "f16x2")
          ts = 4;
        else
          bad("type of registers");
      }
      for (auto n : split(s.substr(i))) {
        size_t lt = n.find('<');
        int w8 = ts == 1 ? 2 : ts;
        if (lt == std::string::npos)
          regs.back()[n] = {w8, alloc(ts ? 32 * w8 : 4), ts == 0};
        else {
          int c = atoi(n.c_str() + lt + 1);
          std::string base = n.substr(0, lt);
          for (int k = 0; k < c; ++k) regs.back()[base + std::to_string(k)] = {w8, alloc(ts ? 32 * w8 : 4), ts == 0};
        }
      }
      return;
    }
    if (w == ".local" || w == ".shared" || w == ".param") {
      declaration d = parse_decl(s, i);
      if (w == ".local") {
        f.local_bytes = (f.local_bytes + d.align - 1) / d.align * d.align;
        syms.back()[d.name] = {3, tag_local | f.local_bytes, d.size};
        f.local_bytes += d.size;
      } else if (w == ".shared") {
        f.shared_bytes = (f.shared_bytes + d.align - 1) / d.align * d.align;
        syms.back()[d.name] = {2, f.shared_bytes, d.size};
        f.shared_bytes += d.size;
      } else {
        u32 al = std::max(d.align, 8u);
        f.scratch_bytes = (f.scratch_bytes + al - 1) / al * al;
        syms.back()[d.name] = {5, f.scratch_bytes, d.size};
        f.scratch_bytes += d.size;
      }
      return;
    }
    if (w == ".pragma" || w == ".loc" || w == ".file") return;
    if (w == ".global" || w == ".const") bad("a global within a function");
    bad("directive");
  }
  instruction I;
  I.line = (u32)f.texts.size();
  f.texts.push_back(s);
  size_t i = 0;
  if (s[0] == '@') {
    size_t b = 1;
    bool n = s[1] == '!';
    if (n) ++b;
    i = b;
    while (i < s.size() && !isspace((unsigned char)s[i])) ++i;
    register_slot* r = find_reg(s.substr(b, i - b));
    if (!r || !r->pred) bad("guard");
    I.guard = r->off;
    I.gneg = n;
    while (i < s.size() && isspace((unsigned char)s[i])) ++i;
  }
  size_t b = i;
  while (i < s.size() && !isspace((unsigned char)s[i])) ++i;
  std::string opcode = s.substr(b, i - b);
  while (!opcode.empty() && opcode.back() == ',') opcode.pop_back();
  std::vector<std::string> p;
  {
    std::string cur;
    for (char c : opcode)
      if (c == '.') {
        p.push_back(cur);
        cur.clear();
      } else
        cur += c;
    p.push_back(cur);
  }
  try {
    std::vector<std::string> const words = split(s.substr(i));
    statement{*this, I, p, words, opcode}.read();
  } catch (std::string const& why) {
    fprintf(stderr, "interpreter: decode: %s\n", why.c_str());
    I.fn = do_unsupported;
    I.kind = step_normal;
  }
  if (I.kind == step_normal && !I.fn) {
    fprintf(stderr, "interpreter: decode: no handler: %s\n", s.c_str());
    I.fn = do_unsupported;
  }
  f.code.push_back(I);
}

void decoder::run() {
  f.shared_bytes = m.shared_bytes;
  for (auto& d : f.params) {
    if (f.entry) syms[0][d.name] = {4, d.offset, d.size};
  }
  if (!f.entry) {
    u32 at = 0; // parameters first, then results, then those of its own calls
    for (auto* l : {&f.params, &f.rets})
      for (auto& d : *l) {
        u32 al = std::max(d.align, 8u);
        at = (at + al - 1) / al * al;
        d.offset = at;
        syms[0][d.name] = {5, at, d.size};
        at += d.size;
      }
    f.scratch_bytes = at;
  }
  const std::string& s = f.body;
  size_t i = 0;
  std::vector<int> scope;
  int scopes = 0;
  std::string prefix;
  (void)scope;
  (void)scopes;
  while (i < s.size()) {
    if (isspace((unsigned char)s[i]) || s[i] == ';') {
      ++i;
      continue;
    }
    if (s[i] == '{') {
      regs.emplace_back();
      syms.emplace_back();
      ++i;
      continue;
    }
    if (s[i] == '}') {
      regs.pop_back();
      syms.pop_back();
      ++i;
      continue;
    }
    if (s.compare(i, 4, ".loc") == 0 && (s[i + 4] == ' ' || s[i + 4] == '\t')) {
      while (i < s.size() && s[i] != '\n') ++i;
      continue;
    }
    size_t j = i;
    while (j < s.size() && (isalnum((unsigned char)s[j]) || s[j] == '_' || s[j] == '$' || s[j] == '%')) ++j;
    size_t k = j;
    while (k < s.size() && (s[k] == ' ' || s[k] == '\t')) ++k;
    if (j > i && k < s.size() && s[k] == ':' && s[k + 1] != ':') {
      std::string name = s.substr(i, j - i);
      i = k + 1;
      while (i < s.size() && isspace((unsigned char)s[i])) ++i;
      if (s.compare(i, 14, ".branchtargets") == 0) {
        size_t e = s.find(';', i);
        tables[name] = (u32)f.tables.size();
        f.tables.emplace_back();
        tfixes.push_back({tables[name], split(s.substr(i + 14, e - i - 14))});
        i = e + 1;
        continue;
      }
      if (s.compare(i, 14, ".callprototype") == 0) {
        size_t e = s.find(';', i);
        i = e + 1;
        continue;
      }
      labels[name] = (u32)f.code.size();
      continue;
    }
    size_t e = i;
    int d = 0;
    for (; e < s.size(); ++e) {
      if (s[e] == '{') ++d;
      if (s[e] == '}') {
        if (d == 0) break;
        --d;
      }
      if (s[e] == ';' && d == 0) break;
      if (s[e] == '"') {
        ++e;
        while (e < s.size() && s[e] != '"') ++e;
      }
    }
    std::string st = s.substr(i, e - i);
    for (char& c : st)
      if (c == '\n') c = ' ';
    read_statement(st);
    i = e < s.size() && s[e] == ';' ? e + 1 : e;
  }
  instruction end;
  end.kind = step_return;
  end.line = (u32)f.texts.size();
  f.texts.push_back("(the end)");
  f.code.push_back(end);
  for (auto& x : fixes) {
    auto it = labels.find(x.name);
    if (it == labels.end()) {
      fprintf(stderr, "interpreter: unknown label %s\n", x.name.c_str());
      abort();
    }
    f.code[x.ins].target = it->second;
  }
  for (auto& x : tfixes)
    for (auto& n : x.names) f.tables[x.table].push_back(labels.at(n));
  f.reg_bytes = (f.reg_bytes + 63) & ~63u;
  if (f.consts.empty()) f.consts.resize(64);
}

void decode(ptx_function& f) {
  decoder d{f, *f.module};
  try {
    d.run();
  } catch (std::string const& why) {
    fprintf(stderr, "interpreter: decode of %s: %s\n", f.name.c_str(), why.c_str());
    abort();
  }
  f.decoded = true;
  if (f.has_calls)
    for (auto& c : f.calls)
      if (c.target && c.target->has_body && !c.target->decoded) decode(*c.target);
  // statically declared shared memory of what is called
  for (auto& c : f.calls)
    if (c.target && c.target->decoded) f.shared_bytes = std::max(f.shared_bytes, c.target->shared_bytes);
}

} // namespace interpreter
