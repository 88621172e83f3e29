/// @file parse.cpp
/// PTX text to a module: its declarations. What functions hold, decode.cpp reads at their first launch.
#include "lexer.hpp"
#include "program.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace interpreter {

declaration parse_decl(const std::string& s, size_t& i) {
  lexer x{s, i};
  declaration d;
  for (;;) {
    if (x.peek() != '.') break;
    std::string w = x.word();
    if (w == ".align") {
      d.align = (u32)atoi(x.word().c_str());
      continue;
    }
    if (w == ".ptr" || w == ".global" || w == ".const" || w == ".shared" || w == ".local" || w == ".managed") continue;
    if (w == ".attribute") {
      x.eat('(');
      x.until(')');
      continue;
    }
    if (w == ".v2" || w == ".v4") {
      d.count = w == ".v2" ? 2 : 4;
      continue;
    }
    d.type = w;
  }
  d.name = x.word();
  u32 n = 1;
  while (x.eat('[')) {
    std::string k = x.until(']');
    d.array = true;
    bool blank = true;
    for (char ch : k)
      if (!isspace((unsigned char)ch)) blank = false;
    if (blank) {
      d.open = true;
      n = 0;
    } else
      n *= (u32)strtoul(k.c_str(), nullptr, 0);
  }
  u32 e = type_size(d.type) * d.count;
  d.size = e * n;
  d.align = std::max(d.align, std::max<u32>(1, d.array ? type_size(d.type) : e));
  i = x.i;
  return d;
}

std::unique_ptr<ptx_module> parse_module(std::string raw) {
  auto m = std::make_unique<ptx_module>();
  m->text = strip(raw);
  lexer x{m->text};
  auto params = [&](std::vector<parameter>& out) { // after '('
    u32 off = 0;
    while (x.peek() != ')' && !x.end()) {
      if (x.eat(',')) continue;
      std::string w = x.word(); // .param or .reg
      declaration d = parse_decl(x.s, x.i);
      off = (off + d.align - 1) / d.align * d.align;
      out.push_back({d.name, d.size, d.align, off});
      off += d.size;
    }
    x.eat(')');
    return off;
  };
  while (!x.end()) {
    std::string w = x.word();
    if (w == ".version" || w == ".address_size" || w == ".file" || w == ".loc") {
      x.line();
      continue;
    }
    if (w == ".target") {
      std::string t = x.word();
      m->target = atoi(t.c_str() + 3);
      x.line();
      continue;
    }
    if (w == ".visible" || w == ".weak" || w == ".extern" || w == ".common") continue;
    if (w == ".pragma" || w == ".alias") {
      x.until(';');
      continue;
    }
    if (w == ".section") {
      x.word();
      x.braces();
      continue;
    }
    if (w == ".entry" || w == ".func") {
      auto f = std::make_unique<ptx_function>();
      f->module = m.get();
      f->entry = w == ".entry";
      if (!f->entry) {
        while (x.peek() == '.') x.word();
        if (x.eat('(')) params(f->rets);
      }
      f->name = x.word();
      if (x.eat('(')) f->param_bytes = params(f->params);
      size_t b = x.i;
      while (x.i < x.s.size() && x.s[x.i] != '{' && x.s[x.i] != ';') ++x.i;
      f->head = x.s.substr(b, x.i - b);
      if (x.eat(';'))
        f->has_body = false;
      else
        f->body = x.braces();
      size_t k = f->head.find(".maxntid");
      if (k != std::string::npos) {
        u32 a = 1, bb = 1, c = 1;
        sscanf(f->head.c_str() + k + 8, " %u , %u , %u", &a, &bb, &c);
        f->maxntid = a * bb * c;
      }
      auto& slot = m->funcs[f->name];
      if (!slot || !slot->has_body) {
        if (slot) {
          f->entry = slot->entry;
          slot->params = f->params;
          slot->rets = f->rets;
          slot->body = f->body;
          slot->head = f->head;
          slot->has_body = f->has_body;
        } else
          slot = std::move(f);
      }
      continue;
    }
    if (w == ".global" || w == ".const" || w == ".shared") {
      declaration d = parse_decl(x.s, x.i);
      std::string init;
      if (x.eat('=')) {
        init = x.until(';');
      } else
        x.until(';');
      if (w == ".shared") {
        if (d.open || d.size == 0) {
          m->symbols[d.name] = {2, dynamic_base, 0};
          continue;
        }
        m->shared_bytes = (m->shared_bytes + d.align - 1) / d.align * d.align;
        m->symbols[d.name] = {2, m->shared_bytes, d.size};
        m->shared_bytes += d.size;
        continue;
      }
      u64 p = device_alloc(std::max<u32>(d.size, 1), true);
      char* h = host_of(p);
      memset(h, 0, std::max<u32>(d.size, 1));
      m->symbols[d.name] = {1, p, d.size};
      if (!init.empty()) {
        u32 es = type_size(d.type);
        u32 at = 0;
        lexer y{init};
        while (!y.end()) {
          char c = y.peek();
          if (c == '{' || c == '}' || c == ',') {
            ++y.i;
            continue;
          }
          y.ws();
          size_t b = y.i;
          int depth = 0;
          while (y.i < init.size() && !((init[y.i] == ',' || init[y.i] == '}') && depth == 0)) {
            if (init[y.i] == '(') ++depth;
            if (init[y.i] == ')') --depth;
            ++y.i;
          }
          std::string t = init.substr(b, y.i - b);
          while (!t.empty() && isspace((unsigned char)t.back())) t.pop_back();
          u64 v = 0;
          if (t.rfind("0f", 0) == 0 || t.rfind("0F", 0) == 0 || t.rfind("0d", 0) == 0 || t.rfind("0D", 0) == 0)
            v = strtoull(t.c_str() + 2, nullptr, 16);
          else if (isdigit((unsigned char)t[0]) || t[0] == '-') {
            if (t.find('(') != std::string::npos) { // mask(symbol)
              u64 mask = strtoull(t.c_str(), nullptr, 0);
              std::string in = t.substr(t.find('(') + 1);
              while (!in.empty() && in.back() == ')') in.pop_back();
              if (in.rfind("generic(", 0) == 0) in = in.substr(8);
              u64 off = 0;
              size_t plus = in.find('+');
              if (plus != std::string::npos) {
                off = strtoull(in.c_str() + plus + 1, nullptr, 0);
                in = in.substr(0, plus);
              }
              auto s = m->symbols.find(in);
              u64 a = (s == m->symbols.end() ? 0 : s->second.addr) + off;
              int sh = mask ? __builtin_ctzll(mask) : 0;
              v = (a & mask) >> sh;
            } else
              v = (t[0] == '-') ? (u64)strtoll(t.c_str(), nullptr, 0) : strtoull(t.c_str(), nullptr, 0);
          } else {
            std::string in = t;
            if (in.rfind("generic(", 0) == 0) {
              in = in.substr(8);
              size_t k = in.find(')');
              in = in.substr(0, k) + in.substr(k + 1);
            }
            u64 off = 0;
            size_t plus = in.find('+');
            if (plus != std::string::npos) {
              off = strtoull(in.c_str() + plus + 1, nullptr, 0);
              in = in.substr(0, plus);
            }
            auto s = m->symbols.find(in);
            if (s == m->symbols.end())
              warn_once(in.c_str(), "initialiser names unknown symbol %s", in.c_str());
            else
              v = s->second.addr + off;
          }
          if (at + es <= d.size) memcpy(h + at, &v, es);
          at += es;
        }
      }
      continue;
    }
    if (w == ";") continue;
    warn_once(w.c_str(), "unknown top-level directive '%s'", w.c_str());
    x.line();
  }
  return m;
}

} // namespace interpreter
